"""At the car: a technician's own orders, and the clocks of works. Owned by ``services/orders``.

A clock
    counts the time that one technician spends on one work. A technician has one that runs, at
    most, and a work has one, at most. Starting it begins the work, and with its first work the
    order; stopping it is a pause. Minutes are added to the work's ``clocked_minutes`` when it
    stops: those are what ``SpentTime`` and the workload report's ``clocked_minutes`` are made of.
    Finishing the work, by ``ChangeLine`` or with its order, stops it too.

    ``at`` is when it happened, for what a phone tells later because it had no connection.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from shared.contracts.base import Command, Instant, Minutes, Question, View
from shared.contracts.orders import (
    ApprovalState,
    OrderEvent,
    OrderStatus,
    OrderView,
    Progress,
    RunningClock,
)


class ClockOf(View):
    """The clock of a work, by the work."""

    model_config = {"extra": "forbid"}

    order_id: UUID
    line_id: UUID


class StartClock(Command[OrderView]):
    """A technician begins a work, or goes on with it. Absent ``employee_id``: whoever asks; a
    technician starts no other's. ``stops``: the clock of that technician's that ends with it. One
    that does not run any more is no reason to refuse. Running already: changes nothing.

    Refused: ``line_not_found``, ``order_closed``, ``work_declined``, ``employee_unlinked`` (the
    sign-in is nobody's), ``forbidden``, ``work_of_others`` (that employee does not do it),
    ``work_clocked`` (somebody else's clock runs on it), ``clock_running`` (theirs runs on a work
    that ``stops`` does not name), ``clock_time_invalid`` (``at`` is to come, or over a week ago).
    """

    subject: ClassVar[str] = "cmd.orders.start_clock.v1"

    order_id: UUID
    line_id: UUID
    employee_id: UUID | None = None
    stops: ClockOf | None = None
    at: Instant | None = None


class StopClock(Command[OrderView]):
    """The work rests; it is not finished by that. Not running: changes nothing, whenever it was
    stopped.

    Refused: ``line_not_found``, ``work_clocked`` (it is somebody else's, and a technician stops
    only their own), ``clock_time_invalid`` (also when it started after ``at``).
    """

    subject: ClassVar[str] = "cmd.orders.stop_clock.v1"

    order_id: UUID
    line_id: UUID
    at: Instant | None = None


class ClockEvent(OrderEvent):
    """What both facts of a clock carry. ``at``: when it happened, not when it was told."""

    line_id: UUID
    name: str
    employee_id: UUID | None
    """Null: of a clock that the counter started with the work, for nobody in particular."""
    at: Instant


class ClockStarted(ClockEvent):
    """A technician is at work. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.clock_started.v1"


class ClockStopped(ClockEvent):
    """A technician pauses, or goes on to another work. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.clock_stopped.v1"

    minutes: Minutes
    """That were added to the work."""


# --- what a technician sees ----------------------------------------------------------------------


class BayWork(View):
    """A work as whoever does it sees it: without prices."""

    line_id: UUID
    name: str
    comment: str | None
    progress: Progress
    estimation_minutes: Minutes
    clocked_minutes: Minutes
    clock: RunningClock | None
    approval: ApprovalState
    own: bool
    """The asking person does it, or a share of it."""


class BayOrder(View):
    """An open order on which the asking person has something to do."""

    id: UUID
    number: str
    status: OrderStatus
    flags: tuple[str, ...]
    car: str | None
    plate: str | None
    customer_reason: str | None
    starts_at: Instant | None
    """Of the person's next booking for it, or else the order's."""
    promised_at: Instant | None
    """When the car is to be given back: as it is written on the order, or else when its last
    booking ends."""
    missing_parts: tuple[str, ...]
    """Names of parts that the warehouse has not got."""
    works: tuple[BayWork, ...]


class OwnClock(View):
    """The asking person's clock that runs."""

    order_id: UUID
    number: str
    line_id: UUID
    name: str
    started_at: Instant
    clocked_minutes: Minutes
    """Of the work before it was started."""


class BayView(View):
    employee_id: UUID | None
    """Null: the sign-in is nobody's, and there is nothing to show."""
    name: str | None
    clock: OwnClock | None
    orders: tuple[BayOrder, ...]
    """Begun ones first, then by when they are promised; at most 100."""


class GetBay(Question[BayView]):
    """The asking person's open orders and works, all in one answer."""

    subject: ClassVar[str] = "ask.orders.bay.v1"
