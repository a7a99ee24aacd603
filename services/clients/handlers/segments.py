"""Segments: clients with something in common, counted and listed."""

from __future__ import annotations

from uuid import UUID

from services.clients.domain.segments import bounds_of, changed_segment, new_segment
from services.clients.handlers.table import handlers
from services.clients.store import ClientsStore
from shared.contracts.base import Done, Page
from shared.contracts.orders import ListSections
from shared.contracts.segments import (
    ChangeSegment,
    CreateSegment,
    GetSegment,
    ListSegments,
    RemoveSegment,
    SegmentClient,
    SegmentClients,
    SegmentConditions,
    SegmentDetails,
    SegmentRemoved,
    SegmentSaved,
    SegmentView,
)
from shared.handlers import Work
from shared.refusals import Refused

PAGE = 200


@handlers.command(CreateSegment)
async def create_segment(command: CreateSegment, store: ClientsStore, work: Work) -> SegmentView:
    segment = new_segment(command, work.new_id(), work.now)
    await _ensure_section(segment.conditions.section_id, work)
    await _hold_tags(segment.conditions, store)
    await store.segments.save(segment)
    work.publish(SegmentSaved(segment=segment))
    return segment


@handlers.command(ChangeSegment)
async def change_segment(command: ChangeSegment, store: ClientsStore, work: Work) -> SegmentView:
    before = await store.segments.one(command.segment_id, locked=True)
    segment, changes = changed_segment(before, command, work.now)
    if changes:
        if segment.conditions.section_id != before.conditions.section_id:
            await _ensure_section(segment.conditions.section_id, work)
        await _hold_tags(segment.conditions, store)
        await store.segments.save(segment)
        work.publish(SegmentSaved(segment=segment, changes=changes))
    return segment


@handlers.command(RemoveSegment)
async def remove_segment(command: RemoveSegment, store: ClientsStore, work: Work) -> Done:
    segment = await store.segments.one(command.segment_id, locked=True)
    await store.segments.remove(segment)
    work.publish(SegmentRemoved(segment=segment))
    return Done()


@handlers.question(ListSegments)
async def list_segments(
    question: ListSegments, store: ClientsStore, work: Work
) -> Page[SegmentView]:
    return await store.segments.page(question.limit, question.cursor)


@handlers.question(GetSegment)
async def get_segment(question: GetSegment, store: ClientsStore, work: Work) -> SegmentDetails:
    segment = await store.segments.one(question.segment_id)
    bounds = bounds_of(segment.conditions, work.now, work.settings.zone)
    count = await store.segments.count(segment.conditions, bounds)
    return SegmentDetails(**dict(segment), clients=count)


@handlers.question(SegmentClients)
async def segment_clients(
    question: SegmentClients, store: ClientsStore, work: Work
) -> Page[SegmentClient]:
    conditions = (await store.segments.one(question.segment_id)).conditions
    bounds = bounds_of(conditions, work.now, work.settings.zone)
    return await store.segments.clients(conditions, bounds, question.limit, question.cursor)


async def _ensure_section(section_id: UUID | None, work: Work) -> None:
    """Refused: ``section_not_found``."""
    cursor: str | None = None
    while section_id is not None:
        page = await work.ask(ListSections(limit=PAGE, cursor=cursor))
        if any(section.id == section_id for section in page.items):
            return
        cursor = page.next
        if cursor is None:
            raise Refused("section_not_found", id=section_id)


async def _hold_tags(conditions: SegmentConditions, store: ClientsStore) -> None:
    """Nobody removes them before the segment is saved."""
    await store.tags.held([*conditions.tag_ids, *conditions.without_tag_ids])
