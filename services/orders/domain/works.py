"""Works are put on the order and edited; their clocks start and stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.orders.domain.decision import (
    Decision,
    ensure_editable,
    ensure_free_if_invisible,
    naming,
    repriced,
    revised,
)
from services.orders.domain.order import Order, ServiceLine, changes_between, with_line
from shared.contracts.orders import LineChanged
from shared.refusals import Refused


def add_service(order: Order, line: ServiceLine, now: datetime) -> Decision:
    """The caller publishes ``ServiceAdded`` with the line as it is shown."""
    ensure_editable(order)
    changed = revised(order, now, services=(*order.services, line))
    ensure_free_if_invisible(changed)
    return repriced(order, changed)


def change_service_line(
    order: Order, line: ServiceLine, changed_line: ServiceLine, now: datetime
) -> Decision:
    ensure_editable(order)
    if line.is_declined and changed_line.progress != line.progress:
        raise Refused("work_declined", name=line.name)
    changed_line = clocked(line, changed_line, now)
    changes = changes_between(line, changed_line, leave_out=("started_at",))
    if not changes:
        return Decision(order, ())
    changed = revised(order, now, services=with_line(order.services, changed_line))
    ensure_free_if_invisible(changed)
    event = LineChanged(**naming(changed), line_id=line.id, name=line.name, changes=changes)
    return repriced(order, changed, event)


def clocked(old: ServiceLine, new: ServiceLine, now: datetime) -> ServiceLine:
    """Starting a work starts its clock; any other progress stops it."""
    if new.progress == old.progress:
        return new
    if new.progress == "started":
        return replace(new, started_at=now)
    if old.started_at is None:
        return new
    minutes = int((now - old.started_at).total_seconds() // 60)
    return replace(new, started_at=None, clocked_minutes=old.clocked_minutes + minutes)
