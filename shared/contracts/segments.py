"""Clients that have something in common, found again by saved conditions. Owned by
``services/clients``."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    Command,
    Cursor,
    Done,
    Event,
    Instant,
    Limit,
    Money,
    Name,
    Page,
    Question,
    Revision,
    View,
)
from shared.contracts.clients import ClientKind
from shared.contracts.finance import MoneySum

Count = Annotated[int, Field(ge=0, le=1_000_000)]
Days = Annotated[int, Field(ge=1, le=36_500)]
Years = Annotated[int, Field(ge=0, le=200)]
SomeTags = Annotated[tuple[UUID, ...], Field(max_length=20)]
Rows = Annotated[int, Field(ge=1, le=10_000)]
"""More than of other lists: a segment is taken away as a file."""
ConsentKind = Literal["sms", "email", "marketing"]


class SegmentConditions(View):
    """All that are named must hold. Days are the station's own; bounds belong to the range.

    A visit is a settled order that was not reopened. It counts if it lies in the period and in
    the section, as far as they are named; named alone, they ask for one such visit at least.
    """

    model_config = {"extra": "forbid"}

    last_days: Days | None = None
    """The period: today and so many days before it."""
    period_from: date | None = None
    period_to: date | None = None
    section_id: UUID | None = None
    visits_from: Count | None = None
    visits_to: Count | None = None
    revenue_from: Money | None = None
    revenue_to: Money | None = None
    last_visit_before_days: Days | None = None
    """The last visit, wherever, was more than so many days ago."""
    last_visit_within_days: Days | None = None
    """The last visit, wherever, was at most so many days ago."""
    car_vendor: Name | None = None
    """This and the next three are of one and the same car. Case does not matter."""
    car_model: Name | None = None
    car_age_from: Years | None = None
    car_age_to: Years | None = None
    tag_ids: SomeTags = ()
    """Each of them is on the client or on one of the cars."""
    without_tag_ids: SomeTags = ()
    consents: Annotated[tuple[ConsentKind, ...], Field(max_length=3)] = ()
    """Each of them was given."""
    kind: ClientKind | None = None


class SegmentView(View):
    id: UUID
    name: str
    conditions: SegmentConditions
    revision: Revision
    created_at: Instant
    updated_at: Instant


class SegmentDetails(SegmentView):
    clients: int
    """How many it has now."""


class CreateSegment(Command[SegmentView]):
    """Refused: ``name_taken``, ``conditions_invalid``, ``tag_not_found``, ``section_not_found``."""

    subject: ClassVar[str] = "cmd.clients.create_segment.v1"

    name: Name
    conditions: SegmentConditions


class ChangeSegment(Command[SegmentView]):
    """Conditions are replaced as a whole. Refused: as ``CreateSegment``, ``segment_not_found``,
    ``field_required``, ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.clients.change_segment.v1"

    segment_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None
    conditions: SegmentConditions | None = None


class RemoveSegment(Command[Done]):
    """Refused: ``segment_not_found``."""

    subject: ClassVar[str] = "cmd.clients.remove_segment.v1"

    segment_id: UUID


class ListSegments(Question[Page[SegmentView]]):
    """By name."""

    subject: ClassVar[str] = "ask.clients.segments.v1"

    limit: Limit = 50
    cursor: Cursor | None = None


class GetSegment(Question[SegmentDetails]):
    """Refused: ``segment_not_found``."""

    subject: ClassVar[str] = "ask.clients.segment.v1"

    segment_id: UUID


class SegmentClient(View):
    """A client of a segment, with what came of all visits."""

    client_id: UUID
    name: str
    phone: str | None
    email: str | None
    visits: int
    revenue: MoneySum
    first_visit: Instant | None
    last_visit: Instant | None
    last_section_id: UUID | None


class SegmentClients(Question[Page[SegmentClient]]):
    """Those that it has now, the newest card first. Refused: ``segment_not_found``."""

    subject: ClassVar[str] = "ask.clients.segment_clients.v1"

    segment_id: UUID
    limit: Rows = 50
    cursor: Cursor | None = None


class SegmentSaved(Event):
    """A segment was made or edited. Producer: clients. Consumer: audit."""

    subject: ClassVar[str] = "evt.clients.segment_saved.v1"

    segment: SegmentView

    def aggregate_id(self) -> UUID:
        return self.segment.id


class SegmentRemoved(Event):
    """Producer: clients. Consumer: audit."""

    subject: ClassVar[str] = "evt.clients.segment_removed.v1"

    segment: SegmentView

    def aggregate_id(self) -> UUID:
        return self.segment.id
