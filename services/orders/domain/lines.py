"""A line is taken off, whichever it is."""

from __future__ import annotations

from datetime import datetime

from services.orders.domain.decision import Decision, ensure_editable, naming, repriced, revised
from services.orders.domain.order import Order, PartLine, ServiceLine, without_line
from services.orders.domain.parts import RETURNED, Removal, ensure_not_issued, removed_part
from shared.contracts.base import Event
from shared.contracts.orders import LineRemoved, PartsReleased
from shared.refusals import Refused


def remove_line(
    order: Order, line: ServiceLine | PartLine, now: datetime, removal: Removal = RETURNED
) -> Decision:
    ensure_editable(order)
    events: list[Event] = []
    if isinstance(line, ServiceLine):
        if removal.on_removal == "write_off":
            raise Refused("nothing_to_write_off", name=line.name)
        if order.parts_of(line.id):
            raise Refused("service_has_materials")
        changed = revised(order, now, services=without_line(order.services, line.id))
    else:
        ensure_not_issued(line)
        released = removed_part(order, line, removal)
        changed = revised(order, now, parts=without_line(order.parts, line.id))
        if line.state != "released":
            events.append(
                PartsReleased(**naming(changed), lines=(released,), reason=removal.reason)
            )
    removed = LineRemoved(**naming(changed), line_id=line.id, name=line.name)
    return repriced(order, changed, removed, *events)
