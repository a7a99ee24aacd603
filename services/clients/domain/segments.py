"""Segments: which conditions can be, and what they mean today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.contracts.base import FIRST_DAY, LAST_DAY, Change
from shared.contracts.segments import (
    ChangeSegment,
    CreateSegment,
    SegmentConditions,
    SegmentView,
)
from shared.edits import edited, ensure_filled, named_fields
from shared.refusals import Refused, ensure_revision

_RANGES = (
    ("visits_from", "visits_to"),
    ("revenue_from", "revenue_to"),
    ("car_age_from", "car_age_to"),
    ("period_from", "period_to"),
)


def new_segment(command: CreateSegment, segment_id: UUID, now: datetime) -> SegmentView:
    """Raises ``Refused("conditions_invalid")``."""
    return SegmentView(
        id=segment_id,
        name=command.name,
        conditions=checked(command.conditions),
        revision=1,
        created_at=now,
        updated_at=now,
    )


def changed_segment(
    segment: SegmentView, command: ChangeSegment, now: datetime
) -> tuple[SegmentView, tuple[Change, ...]]:
    """Raises ``Refused``: ``field_required``, ``conditions_invalid``, ``revision_conflict``."""
    ensure_revision(command.expected_revision, segment.revision)
    fields = named_fields(command, "segment_id")
    ensure_filled(fields, fields)
    if command.conditions:
        fields["conditions"] = checked(command.conditions)
    return edited(segment, fields, now)


def checked(conditions: SegmentConditions) -> SegmentConditions:
    """Nothing asked for, or a range that nothing lies in, is a slip of the pen."""
    if conditions == SegmentConditions():
        raise Refused("conditions_invalid")
    values: dict[str, Any] = dict(conditions)
    for low, high in _RANGES:
        if values[low] is not None and values[high] is not None and values[low] > values[high]:
            raise Refused("conditions_invalid")
    days = (conditions.period_from, conditions.period_to)
    if any(day and not FIRST_DAY <= day <= LAST_DAY for day in days):
        raise Refused("conditions_invalid")
    is_fixed = conditions.period_from or conditions.period_to
    if conditions.last_days and is_fixed:
        raise Refused("conditions_invalid")
    if set(conditions.tag_ids) & set(conditions.without_tag_ids):
        raise Refused("conditions_invalid")
    return conditions


@dataclass(frozen=True, slots=True)
class Bounds:
    """What days and ages mean today: half-open instants, and years of make."""

    since: datetime | None
    until: datetime | None
    last_visit_before: datetime | None
    last_visit_since: datetime | None
    made_from: int | None
    made_to: int | None


def bounds_of(conditions: SegmentConditions, now: datetime, zone: ZoneInfo) -> Bounds:
    today = now.astimezone(zone).date()

    def midnight(day: date) -> datetime:
        return datetime.combine(day, time.min, zone)

    def ago(days: int | None) -> datetime | None:
        return midnight(today - timedelta(days=days)) if days else None

    start, end = conditions.period_from, conditions.period_to
    return Bounds(
        since=ago(conditions.last_days) or (midnight(start) if start else None),
        until=midnight(end + timedelta(days=1)) if end else None,
        last_visit_before=ago(conditions.last_visit_before_days),
        last_visit_since=ago(conditions.last_visit_within_days),
        made_from=None if conditions.car_age_to is None else today.year - conditions.car_age_to,
        made_to=None if conditions.car_age_from is None else today.year - conditions.car_age_from,
    )
