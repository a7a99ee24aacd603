"""What a command comes to, and what every decision about an order is made with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.orders.order import EDITABLE, Order
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


def ensure_revision(order: Order, expected: int | None) -> None:
    if expected is not None and expected != order.revision:
        raise Refused("revision_conflict", expected=expected, actual=order.revision)


def ensure_free_if_invisible(order: Order) -> None:
    """What the client does not see, the client does not pay."""
    if order.header.visible_to_customer:
        return
    if any(line.total for line in order.lines):
        raise Refused("invisible_with_total")


def revised(order: Order, now: datetime, **changes: Any) -> Order:
    return replace(order, revision=order.revision + 1, updated_at=now, **changes)


def repriced(old: Order, new: Order, *events: Event) -> Decision:
    """Ends a decision: if the client owes another sum now, that is a fact of its own."""
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
