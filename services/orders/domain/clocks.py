"""Clocks of works: who is at work on what, and the minutes that come of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.orders.domain.decision import Decision, ensure_editable, naming, revised
from services.orders.domain.order import Order, ServiceLine, with_line
from shared.contracts.bay import ClockStarted, ClockStopped
from shared.contracts.orders import OrderMoved
from shared.refusals import Refused

NOT_TOLD = ("started_at", "clock_of", "finished_at", "finished_by")
"""Fields of a work that the audit need not be told: who did what when, every event says."""
MAX_LATE = timedelta(days=7)
"""A phone may have been without a connection for so long."""
MAX_FAST = timedelta(minutes=5)
"""So much may a phone's own clock be ahead."""


def clock_started(
    order: Order, line: ServiceLine, employee_id: UUID, at: datetime, now: datetime
) -> Decision:
    """The work is begun, and the order with it. What the counter started for nobody in particular
    is the technician's from now on."""
    ensure_editable(order)
    if line.is_declined:
        raise Refused("work_declined", name=line.name)
    if line.clock_of == employee_id:
        return Decision(order, ())
    if line.clock_of:
        raise Refused("work_clocked", name=line.name)
    at = _happened(at, now)
    begun = replace(
        stopped(line, at),
        progress="started",
        started_at=at,
        clock_of=employee_id,
        finished_at=None,
        finished_by=None,
    )
    changed = revised(order, now, services=with_line(order.services, begun))
    fact = ClockStarted(
        **naming(changed), line_id=line.id, name=line.name, employee_id=employee_id, at=at
    )
    if order.status != "new":
        return Decision(changed, (fact,))
    moving = revised(changed, now, status="in_progress")
    moved = OrderMoved(**naming(moving), old_status=order.status, status=moving.status)
    return Decision(moving, (fact, moved))


def clock_stopped(order: Order, line: ServiceLine, at: datetime, now: datetime) -> Decision:
    """One that does not run any more changes nothing, on a closed order neither."""
    if line.started_at is None:
        return Decision(order, ())
    at = _happened(at, now)
    if at < line.started_at:
        # Late news of a stretch that is over since long, not of the one that runs.
        raise Refused("clock_time_invalid")
    resting = stopped(line, at)
    changed = revised(order, now, services=with_line(order.services, resting))
    fact = ClockStopped(
        **naming(changed),
        line_id=line.id,
        name=line.name,
        employee_id=line.clock_of,
        at=at,
        minutes=resting.clocked_minutes - line.clocked_minutes,
    )
    return Decision(changed, (fact,))


def clocked(
    old: ServiceLine, new: ServiceLine, now: datetime, by: str | None = None
) -> ServiceLine:
    """Starting a work starts its clock; any other progress stops it."""
    if new.progress == old.progress:
        return new
    if new.progress == "started":
        return replace(new, started_at=now, finished_at=None, finished_by=None)
    is_finished = new.progress == "finished"
    return replace(
        stopped(new, now),
        finished_at=now if is_finished else None,
        finished_by=by if is_finished else None,
    )


def stopped(line: ServiceLine, at: datetime) -> ServiceLine:
    """With the minutes that its clock has counted, if one runs."""
    if line.started_at is None:
        return line
    minutes = max(int((at - line.started_at).total_seconds() // 60), 0)
    return replace(
        line, started_at=None, clock_of=None, clocked_minutes=line.clocked_minutes + minutes
    )


def _happened(at: datetime, now: datetime) -> datetime:
    if not now - MAX_LATE <= at <= now + MAX_FAST:
        raise Refused("clock_time_invalid")
    return min(at, now)
