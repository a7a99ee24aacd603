"""Segments in and out of the database, and whom they have.

A segment is one statement: conditions on a card stand on the card itself, each other one is a set
of client ids that an index gives. Cards are read newest first, and a page goes on by the last id.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Subquery,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.domain.segments import Bounds
from services.clients.store.names import page_by_name, save_named
from services.clients.store.rows import client_of
from services.clients.store.tables import clients, vehicles
from services.clients.store.tables_segments import (
    client_tags,
    counters,
    segment_tags,
    segments,
    vehicle_tags,
    visits,
)
from shared.contracts.base import Page
from shared.contracts.segments import SegmentClient, SegmentConditions, SegmentView
from shared.pagination import newest_first, page_of
from shared.refusals import Refused

type Conditions = list[ColumnElement[bool]]


class Segments:
    """What one transaction reads and writes of them."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def one(self, segment_id: UUID, *, locked: bool = False) -> SegmentView:
        """Raises ``Refused("segment_not_found")``."""
        statement = select(segments).where(segments.c.id == segment_id)
        rows = await self._connection.execute(statement.with_for_update() if locked else statement)
        row = rows.one_or_none()
        if row is None:
            raise Refused("segment_not_found", id=segment_id)
        return SegmentView.model_validate(row, from_attributes=True)

    async def save(self, segment: SegmentView) -> None:
        """The tags that it names must be held. Raises ``Refused("name_taken")``."""
        conditions = segment.conditions
        row = {**dict(segment), "conditions": conditions.model_dump(mode="json")}
        await save_named(self._connection, segments, row)
        await self._connection.execute(
            delete(segment_tags).where(segment_tags.c.segment_id == segment.id)
        )
        if named := {*conditions.tag_ids, *conditions.without_tag_ids}:
            await self._connection.execute(
                insert(segment_tags),
                [{"segment_id": segment.id, "tag_id": tag_id} for tag_id in sorted(named)],
            )

    async def remove(self, segment: SegmentView) -> None:
        await self._connection.execute(delete(segments).where(segments.c.id == segment.id))

    async def page(self, limit: int, cursor: str | None) -> Page[SegmentView]:
        return await page_by_name(self._connection, segments, SegmentView, limit, cursor)

    # --- whom it has -------------------------------------------------------------------------

    async def count(self, conditions: SegmentConditions, bounds: Bounds) -> int:
        statement = select(func.count()).select_from(clients).where(*fits(conditions, bounds))
        found: int = (await self._connection.execute(statement)).scalar_one()
        return found

    async def clients(
        self, conditions: SegmentConditions, bounds: Bounds, limit: int, cursor: str | None
    ) -> Page[SegmentClient]:
        found = select(clients).where(*fits(conditions, bounds))
        page = newest_first(found, clients.c.id, cursor, limit).cte("page")
        figures = [column for column in counters.c if column.name != "client_id"]
        statement = (
            select(page, *figures)
            .join(counters, counters.c.client_id == page.c.id, isouter=True)
            .order_by(page.c.id.desc())
        )
        rows = (await self._connection.execute(statement)).all()
        return page_of(rows, limit, _shown, lambda row: (row.id,))


def _shown(row: Any) -> SegmentClient:
    card = client_of(row)
    return SegmentClient(
        client_id=card.id,
        name=card.name,
        phone=next(iter(card.phones), None),
        email=card.email,
        visits=row.visits or 0,
        revenue=row.revenue or Decimal("0.00"),
        first_visit=row.first_visit,
        last_visit=row.last_visit,
        last_section_id=row.last_section_id,
    )


# --- what the conditions are in the tables -----------------------------------------------------


def fits(conditions: SegmentConditions, bounds: Bounds) -> Conditions:
    """Of a card, that it is in the segment; merged and erased ones are in none."""
    return [
        clients.c.merged_into.is_(None),
        clients.c.erased_at.is_(None),
        *([clients.c.kind == conditions.kind] if conditions.kind else []),
        *(clients.c.consents.contains({kind: {"given": True}}) for kind in conditions.consents),
        *_by_visits(conditions, bounds),
        *_by_last_visit(bounds),
        *_by_car(conditions, bounds),
        *(_has_tag(tag_id) for tag_id in conditions.tag_ids),
        *(~_has_tag(tag_id) for tag_id in conditions.without_tag_ids),
    ]


def _by_visits(conditions: SegmentConditions, bounds: Bounds) -> Conditions:
    """Who never came is not among those counted: they fit if there is nothing to reach."""
    counted = _counted(conditions, bounds)
    lowest = [
        *_at_least(counted.c.visits, conditions.visits_from),
        *_at_least(counted.c.revenue, conditions.revenue_from),
    ]
    too_many = [
        *_more_than(counted.c.visits, conditions.visits_to),
        *_more_than(counted.c.revenue, conditions.revenue_to),
    ]
    bounds_named = (
        conditions.visits_from,
        conditions.visits_to,
        conditions.revenue_from,
        conditions.revenue_to,
    )
    if _is_narrowed(conditions, bounds) and all(bound is None for bound in bounds_named):
        lowest = [counted.c.visits >= 1]
    theirs = counted.c.client_id == clients.c.id
    return [
        *([exists().where(theirs, *lowest)] if lowest else []),
        *([~exists().where(theirs, or_(*too_many))] if too_many else []),
    ]


def _counted(conditions: SegmentConditions, bounds: Bounds) -> Subquery:
    """Visits and revenue by client: all of them are counted already."""
    if not _is_narrowed(conditions, bounds):
        return select(counters.c.client_id, counters.c.visits, counters.c.revenue).subquery()
    wanted = [
        ~visits.c.reversed,
        *([visits.c.at >= bounds.since] if bounds.since else []),
        *([visits.c.at < bounds.until] if bounds.until else []),
        *([visits.c.section_id == conditions.section_id] if conditions.section_id else []),
    ]
    return (
        select(
            visits.c.client_id,
            func.count().label("visits"),
            func.sum(visits.c.revenue).label("revenue"),
        )
        .where(*wanted)
        .group_by(visits.c.client_id)
        .subquery()
    )


def _is_narrowed(conditions: SegmentConditions, bounds: Bounds) -> bool:
    return bool(bounds.since or bounds.until or conditions.section_id)


def _by_last_visit(bounds: Bounds) -> Conditions:
    last = counters.c.last_visit
    wanted = [
        *([last < bounds.last_visit_before] if bounds.last_visit_before else []),
        *([last >= bounds.last_visit_since] if bounds.last_visit_since else []),
    ]
    return [exists().where(counters.c.client_id == clients.c.id, *wanted)] if wanted else []


def _by_car(conditions: SegmentConditions, bounds: Bounds) -> Conditions:
    wanted = [
        *_same_word(vehicles.c.vendor, conditions.car_vendor),
        *_same_word(vehicles.c.model, conditions.car_model),
        *_at_least(vehicles.c.year, bounds.made_from),
        *([vehicles.c.year <= bounds.made_to] if bounds.made_to is not None else []),
    ]
    return [exists().where(vehicles.c.client_id == clients.c.id, *wanted)] if wanted else []


def _has_tag(tag_id: UUID) -> ColumnElement[bool]:
    on_cars = (
        select(vehicles.c.client_id)
        .join(vehicle_tags, vehicle_tags.c.vehicle_id == vehicles.c.id)
        .where(vehicle_tags.c.tag_id == tag_id)
    )
    on_cards = select(client_tags.c.client_id).where(client_tags.c.tag_id == tag_id)
    tagged = union_all(on_cards, on_cars).subquery()
    return exists().where(tagged.c.client_id == clients.c.id)


def _same_word(column: ColumnElement[Any], word: str | None) -> Conditions:
    return [func.lower(column) == func.lower(word)] if word else []


def _at_least(column: ColumnElement[Any], bound: Any) -> Conditions:
    return [column >= bound] if bound else []


def _more_than(column: ColumnElement[Any], bound: Any) -> Conditions:
    return [column > bound] if bound is not None else []
