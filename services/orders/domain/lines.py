"""A line is taken off, whichever it is."""

from __future__ import annotations

from datetime import datetime

from services.orders.domain.decision import Decision, ensure_editable, naming, repriced, revised
from services.orders.domain.order import Order, PartLine, ServiceLine, without_line
from services.orders.domain.parts import ensure_not_issued, released_part
from shared.contracts.base import Event
from shared.contracts.orders import LineRemoved, PartsReleased
from shared.refusals import Refused


def remove_line(order: Order, line: ServiceLine | PartLine, now: datetime) -> Decision:
    ensure_editable(order)
    events: list[Event] = []
    if isinstance(line, ServiceLine):
        if order.parts_of(line.id):
            raise Refused("service_has_materials")
        changed = revised(order, now, services=without_line(order.services, line.id))
    else:
        ensure_not_issued(line)
        changed = revised(order, now, parts=without_line(order.parts, line.id))
        if line.state != "released":
            _, released = released_part(line)
            events.append(PartsReleased(**naming(changed), lines=(released,)))
    removed = LineRemoved(**naming(changed), line_id=line.id, name=line.name)
    return repriced(order, changed, removed, *events)
