"""Rows of the panel: who works when, what is planned in that time, and what cannot be kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from services.orders.domain.planning.bookings import Booking, Row, worked
from services.orders.domain.planning.hours import Calendar, days_of
from services.orders.domain.planning.spans import MINUTE, Span, length, merged, within
from shared.contracts.load import (
    AbsenceView,
    AwayView,
    DayLoad,
    LoadConflict,
    LoadRow,
    SpanView,
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the panel is narrowed to. ``posts`` are those of the section, if one is named."""

    posts: frozenset[UUID]
    post_id: UUID | None
    employee_id: UUID | None

    def show(self, booking: Booking) -> bool:
        return (
            booking.post_id in self.posts
            and self.post_id in (None, booking.post_id)
            and self.employee_id in (None, booking.technician_id)
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """The time shown, and its days."""

    window: Span
    days: tuple[tuple[date, Span], ...]

    @classmethod
    def of(cls, window: Span, calendar: Calendar) -> Frame:
        days = days_of(window, calendar.zone)
        return cls(window, tuple((day, calendar.day(day)) for day in days))


def load_row(
    row_id: UUID,
    section_id: UUID | None,
    row: Row,
    bookings: Iterable[Booking],
    away: Sequence[AwayView],
    frame: Frame,
) -> LoadRow:
    """``bookings``: all that are on this row, whatever the panel is narrowed to."""
    open_time = row.open
    planned = merged(span for booking in bookings for span in worked(booking, row.usual))
    return LoadRow(
        id=row_id,
        name=row.name,
        section_id=section_id,
        working=tuple(SpanView(start=span.start, end=span.end) for span in open_time),
        away=tuple(away),
        days=tuple(
            _day_load(
                day,
                length(within(within(open_time, span), frame.window)) // MINUTE,
                length(within(within(planned, span), frame.window)) // MINUTE,
            )
            for day, span in frame.days
        ),
    )


def together(rows: Sequence[LoadRow]) -> tuple[DayLoad, ...]:
    """The load of several rows of one panel, day by day. More than can be done on one of them
    is too much for all: what is planned there has no other place."""
    return tuple(
        _day_load(
            days[0].day,
            sum(day.capacity_minutes for day in days),
            sum(day.planned_minutes for day in days),
            overloaded=any(day.overloaded for day in days),
        )
        for days in zip(*(row.days for row in rows), strict=True)
    )


def away_of(
    row_id: UUID, absences: Iterable[AbsenceView], window: Span, *, with_kind: bool
) -> list[AwayView]:
    """Clipped to the window. Why somebody is away not everybody need know."""
    return [
        AwayView(
            start=max(absence.start, window.start),
            end=min(absence.end, window.end),
            kind=absence.kind if with_kind or absence.post_id else None,
        )
        for absence in absences
        if row_id in (absence.employee_id, absence.post_id)
        and Span(absence.start, absence.end).meets(window)
    ]


def conflicts(
    bookings: Iterable[Booking], absences: Iterable[AbsenceView]
) -> tuple[LoadConflict, ...]:
    """Bookings that were there before somebody fell ill or a lift broke."""
    by_row: dict[UUID | None, list[AbsenceView]] = {}
    for absence in absences:
        by_row.setdefault(absence.employee_id or absence.post_id, []).append(absence)
    return tuple(
        LoadConflict(
            booking_id=booking.id,
            absence_id=absence.id,
            employee_id=absence.employee_id,
            post_id=absence.post_id,
            start=max(absence.start, booking.start),
            end=min(absence.end, booking.end),
        )
        for booking in bookings
        if booking.state == "planned"
        for row in (booking.post_id, booking.technician_id)
        if row is not None
        for absence in by_row.get(row, ())
        if Span(absence.start, absence.end).meets(booking.span)
    )


def _day_load(day: date, capacity: int, planned: int, *, overloaded: bool = False) -> DayLoad:
    percent: int | None = None
    if capacity:
        exact = Decimal(planned) * 100 / capacity
        percent = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    elif not planned:
        percent = 0
    return DayLoad(
        day=day,
        capacity_minutes=capacity,
        planned_minutes=planned,
        percent=percent,
        overloaded=overloaded or planned > capacity,
    )
