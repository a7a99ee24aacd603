"""Works are put on the order and edited."""

from __future__ import annotations

from datetime import datetime

from services.orders.domain.clocks import NOT_TOLD, clocked
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
    order: Order, line: ServiceLine, changed_line: ServiceLine, now: datetime, by: str | None = None
) -> Decision:
    """``by``: who says so; of a work that is finished it is remembered."""
    ensure_editable(order)
    if line.is_declined and changed_line.progress != line.progress:
        raise Refused("work_declined", name=line.name)
    changed_line = clocked(line, changed_line, now, by)
    changes = changes_between(line, changed_line, leave_out=NOT_TOLD)
    if not changes:
        return Decision(order, ())
    changed = revised(order, now, services=with_line(order.services, changed_line))
    ensure_free_if_invisible(changed)
    event = LineChanged(**naming(changed), line_id=line.id, name=line.name, changes=changes)
    return repriced(order, changed, event)
