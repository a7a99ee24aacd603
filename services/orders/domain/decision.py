"""What a command comes to, and what every decision about an order is made with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.orders.domain import approval
from services.orders.domain.order import EDITABLE, Order, ServiceLine
from services.orders.domain.pricing import NOTHING, checked
from shared.contracts.approvals import ApprovalReset
from shared.contracts.base import Event
from shared.contracts.orders import OrderRepriced
from shared.refusals import Refused


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command comes to: the order as it will be, and the facts to tell."""

    order: Order
    events: tuple[Event, ...]


def naming(order: Order) -> dict[str, Any]:
    """What every event of an order begins with."""
    return {"order_id": order.id, "number": order.number, "revision": order.revision}


def ensure_editable(order: Order) -> None:
    if order.status not in EDITABLE:
        raise Refused("order_closed", status=order.status)


def ensure_free_if_invisible(order: Order) -> None:
    """What the client does not see, the client does not pay."""
    if order.header.visible_to_customer:
        return
    if any(line.total for line in order.billed_lines):
        raise Refused("invisible_with_total")


def revised(order: Order, now: datetime, **changes: Any) -> Order:
    return replace(order, revision=order.revision + 1, updated_at=now, **changes)


def repriced(old: Order, new: Order, *events: Event) -> Decision:
    """Ends a decision: if the client owes another sum now, that is a fact of its own, and so is
    every work that the client must be asked about anew.

    Refused: ``amount_too_large``, also where what was suggested would be."""
    checked(new.estimation_cost)
    new, resets = _asked_about_anew(old, new)
    events = (*events, *resets)
    if new.total == old.total:
        return Decision(new, events)
    fact = OrderRepriced(
        **naming(new),
        old_total=old.total,
        total=new.total,
        services_total=new.services_total,
        products_total=new.products_total,
        materials_total=new.materials_total,
    )
    return Decision(new, (*events, fact))


def _asked_about_anew(old: Order, new: Order) -> tuple[Order, tuple[Event, ...]]:
    """Works whose job costs something else now, or takes other things that cost: what the client
    said of them no longer counts."""
    before = {line.id: line for line in old.services}
    services: list[ServiceLine] = []
    resets: list[Event] = []
    for line in new.services:
        known = before.get(line.id)
        changed = approval.changed(line.approval)
        if known is None or changed == line.approval or _offer(old, known) == _offer(new, line):
            services.append(line)
            continue
        services.append(replace(line, approval=changed))
        resets.append(
            ApprovalReset(
                **naming(new),
                line_id=line.id,
                name=line.name,
                was=line.approval.state,
                old_price=old.job_total(known),
                price=new.job_total(line),
            )
        )
    return (replace(new, services=tuple(services)), tuple(resets)) if resets else (new, ())


def _offer(order: Order, line: ServiceLine) -> object:
    """What the client agrees to. A part that costs nothing is the station's own affair."""
    parts = {
        (part.id, part.quantity, part.total)
        for part in order.parts_of(line.id)
        if part.total != NOTHING
    }
    return line.quantity, line.total, parts
