"""A booking: which order holds which post when, and what may become of that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.orders.domain.order import ServiceLine
from services.orders.domain.planning.hours import told
from services.orders.domain.planning.spans import (
    MINUTE,
    Span,
    common,
    holds,
    laid,
    length,
    merged,
    within,
    without,
)
from shared.contracts.load import BookingState
from shared.refusals import Refused, ensure_revision

MAX_DAYS = 62
"""That a booking may last, and the panel show."""
HORIZON = timedelta(days=MAX_DAYS)
QUARTER = timedelta(minutes=15)
"""What a work is booked for anew that has used its time up and is not finished."""


@dataclass(frozen=True, slots=True)
class Booking:
    """``start <= t < end``. ``carried_from``: the one whose rest it is."""

    id: UUID
    order_id: UUID
    line_id: UUID | None
    post_id: UUID
    technician_id: UUID | None
    start: datetime
    end: datetime
    overtime: bool
    made_by: str
    made_at: datetime
    state: BookingState = "planned"
    carried_from: UUID | None = None
    revision: int = 1

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    def ending(self, end: datetime) -> Booking:
        """Before it is written."""
        return replace(self, end=end)

    def changed(self, **fields: Any) -> Booking:
        return replace(self, revision=self.revision + 1, **fields)


@dataclass(frozen=True, slots=True)
class Row:
    """A post or a technician: ``usual`` working time, and when it is ``away`` all the same."""

    name: str
    usual: Sequence[Span]
    away: Sequence[Span]
    away_code: str
    """What a booking in that time is refused with."""
    zone: ZoneInfo

    @property
    def open(self) -> list[Span]:
        return without(self.usual, self.away)


def open_together(rows: Sequence[Row]) -> list[Span]:
    """When all of them work."""
    together = rows[0].open
    for row in rows[1:]:
        together = common(together, row.open)
    return together


# --- booking -----------------------------------------------------------------------------------


def ensure_planned(booking: Booking, expected_revision: int | None) -> None:
    ensure_revision(expected_revision, booking.revision)
    if booking.state != "planned":
        raise Refused("booking_over", state=booking.state)


def ensure_length(span: Span) -> None:
    if span.end <= span.start:
        raise Refused("period_invalid")
    if span.length > HORIZON:
        raise Refused("period_too_long", days=MAX_DAYS)


def ensure_open(span: Span, rows: Iterable[Row], overtime: bool) -> None:
    """A booking begins and ends when its post and technician work; between, a night, a holiday
    or an absence may lie. Overtime is for closed hours, not for those who are away."""
    for row in rows:
        for edge, moment in (
            (span.start, span.start),
            (span.end, span.end - timedelta.resolution),
        ):
            at = told(edge, row.zone)
            if holds(row.away, moment):
                raise Refused(row.away_code, who=row.name, at=at)
            if not overtime and not holds(row.usual, moment):
                raise Refused("outside_working_hours", who=row.name, at=at)


def planned(services: Sequence[ServiceLine], line_id: UUID | None) -> timedelta:
    """What an order's works are estimated at, or that one. Raises ``line_not_found`` and
    ``booking_length_missing``."""
    lines = lines_of(services, line_id)
    estimated = sum(line.estimation_minutes for line in lines) * MINUTE
    if not estimated:
        raise Refused("booking_length_missing")
    return estimated


def lines_of(services: Sequence[ServiceLine], line_id: UUID | None) -> Sequence[ServiceLine]:
    """The works of an order that a booking is for. Raises ``line_not_found``."""
    if line_id is None:
        return services
    lines = [line for line in services if line.id == line_id]
    if not lines:
        raise Refused("line_not_found", id=line_id)
    return lines


def end_of(effort: timedelta, start: datetime, rows: Sequence[Row], overtime: bool) -> datetime:
    """When that much work is done that begins at ``start``. Overtime knows no closed hours."""
    if overtime:
        return start + effort
    end = laid(effort, start, open_together(rows))
    if end is None:
        raise Refused("period_too_long", days=MAX_DAYS)
    return end


def worked(booking: Booking, usual: Sequence[Span]) -> list[Span]:
    """When a booking is worked on: its closed hours do not count, unless it is overtime."""
    return [booking.span] if booking.overtime else common([booking.span], usual)


# --- its order ends ----------------------------------------------------------------------------


def after_its_order(booking: Booking, now: datetime) -> Booking | None:
    """Its order is done or cancelled: what lies ahead is free again, what was stays. Null: it
    had not begun, and nothing is left of it."""
    if booking.start >= now:
        return None
    return booking.changed(state="ended", end=min(booking.end, now))


# --- carried over ------------------------------------------------------------------------------


def carried(booking: Booking, now: datetime) -> Booking | None:
    """The part of an unfinished booking that is over; null if it has not begun."""
    if booking.start >= now:
        return None
    return booking.changed(state="carried", end=min(booking.end, now))


def remaining(
    booking: Booking,
    services: Sequence[ServiceLine],
    others: Iterable[Booking],
    usual: Sequence[Span],
    now: datetime,
) -> timedelta:
    """What is left to do of a booking's works: planned less clocked, less what is booked ahead
    for them already. Where nobody has estimated, the booking's own working time was planned.
    ``services`` and ``others`` are the order's own; ``usual``: when its post works.

    Raises ``work_finished``, ``booked_ahead`` and, if its line is gone, ``line_not_found``.
    """
    works = lines_of(services, booking.line_id)
    open_works = [line for line in works if line.progress != "finished"]
    if works and not open_works:
        raise Refused("work_finished")
    if any(line.estimation_minutes for line in works):
        left = sum((_left(line, now) for line in open_works), timedelta())
    else:
        left = length(worked(booking, usual)) - sum(
            (_clocked(line, now) for line in works), timedelta()
        )
    ahead = sum(
        (
            length(within(worked(other, usual), Span(now, other.end)))
            for other in others
            if other.id != booking.id
            and other.state == "planned"
            and other.end > now
            and other.line_id == booking.line_id
        ),
        timedelta(),
    )
    if ahead and left <= ahead:
        raise Refused("booked_ahead")
    return max(left - ahead, QUARTER)


def first_free(
    effort: timedelta, rows: Sequence[Row], busy: Iterable[Span], earliest: datetime
) -> Span | None:
    """The first time from ``earliest`` on at which that much work can be done, over nights if
    need be, while nobody else holds any of ``busy``. Null: none within the rows' time."""
    together, taken = open_together(rows), merged(busy)
    for free in without(together, taken):
        start = max(free.start, earliest)
        if start >= free.end:
            continue
        end = laid(effort, start, together)
        if end is None:
            return None
        if not any(span.meets(Span(start, end)) for span in taken):
            return Span(start, end)
    return None


def _left(line: ServiceLine, now: datetime) -> timedelta:
    return max(line.estimation_minutes * MINUTE - _clocked(line, now), timedelta())


def _clocked(line: ServiceLine, now: datetime) -> timedelta:
    """Also what a running clock has counted since it was started."""
    running = now - line.started_at if line.started_at else timedelta()
    return line.clocked_minutes * MINUTE + running
