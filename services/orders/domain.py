"""A work order and everything that may happen to it. Pure: values in, new order and events out.

A command that is not allowed raises ``Refused`` with its reason; news that no longer applies
leaves the order as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.orders.order import (
    EDITABLE,
    Header,
    Order,
    PartLine,
    ServiceLine,
    changes_between,
    with_line,
    without_line,
)
from services.orders.pricing import checked
from shared.contracts.base import Event
from shared.contracts.inventory import StockAnswer
from shared.contracts.orders import (
    CompletedPart,
    CompletedService,
    LineChanged,
    LineRemoved,
    OrderCancelled,
    OrderChanged,
    OrderCompleted,
    OrderMoved,
    OrderReopened,
    OrderRepriced,
    OrderStatus,
    PartsReleased,
    PartsRequested,
    PartState,
    ReleasedPart,
    RequestedPart,
)
from shared.refusals import Refused

TRANSITIONS: dict[tuple[OrderStatus, OrderStatus], str] = {
    ("draft", "new"): "the client agrees",
    ("draft", "cancelled"): "the client does not come",
    ("new", "in_progress"): "work begins",
    ("new", "cancelled"): "called off",
    ("in_progress", "done"): "all parts are there",
    ("in_progress", "cancelled"): "called off",
    ("done", "in_progress"): "reopened",
}
"""Every step that an order may take, and what it means. All others are refused."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command comes to: the order as it will be, and the facts to tell."""

    order: Order
    events: tuple[Event, ...]


# --- commands ----------------------------------------------------------------------------------


def change_header(order: Order, header: Header, now: datetime) -> Decision:
    ensure_editable(order)
    changes = changes_between(order.header, header)
    if not changes:
        return Decision(order, ())
    changed = _next(order, now, header=header)
    _ensure_free_if_invisible(changed)
    return Decision(changed, (OrderChanged(**naming(changed), changes=changes),))


def add_service(order: Order, line: ServiceLine, now: datetime) -> Decision:
    """The caller publishes ``ServiceAdded`` with the line as it is shown."""
    ensure_editable(order)
    changed = _next(order, now, services=(*order.services, line))
    _ensure_free_if_invisible(changed)
    return _repriced(order, changed)


def request_parts(order: Order, parts: Sequence[PartLine], now: datetime) -> Decision:
    """Puts parts on the order; their price counts when the warehouse has answered."""
    ensure_editable(order)
    for part in parts:
        _ensure_carried(order, part)
        checked(part.total)
    changed = _next(order, now, parts=(*order.parts, *parts))
    _ensure_free_if_invisible(changed)
    requested = PartsRequested(**naming(changed), lines=tuple(map(_requested, parts)))
    return Decision(changed, (requested,))


def change_service_line(
    order: Order, line: ServiceLine, changed_line: ServiceLine, now: datetime
) -> Decision:
    ensure_editable(order)
    changed_line = _clocked(line, changed_line, now)
    changes = changes_between(line, changed_line, leave_out=("started_at",))
    if not changes:
        return Decision(order, ())
    changed = _next(order, now, services=with_line(order.services, changed_line))
    _ensure_free_if_invisible(changed)
    event = LineChanged(**naming(changed), line_id=line.id, name=line.name, changes=changes)
    return _repriced(order, changed, event)


def change_part_line(
    order: Order, line: PartLine, changed_line: PartLine, now: datetime
) -> Decision:
    """A new quantity asks the warehouse anew."""
    ensure_editable(order)
    _ensure_not_issued(line)
    changes = changes_between(line, changed_line)
    if not changes:
        return Decision(order, ())
    asks_anew = changed_line.quantity != line.quantity
    if asks_anew:
        changed_line = replace(changed_line, version=line.version + 1, state="requested")
    changed = _next(order, now, parts=with_line(order.parts, changed_line))
    _ensure_free_if_invisible(changed)
    events: list[Event] = [
        LineChanged(**naming(changed), line_id=line.id, name=line.name, changes=changes)
    ]
    if asks_anew:
        events.append(PartsRequested(**naming(changed), lines=(_requested(changed_line),)))
    return _repriced(order, changed, *events)


def remove_line(order: Order, line: ServiceLine | PartLine, now: datetime) -> Decision:
    ensure_editable(order)
    events: list[Event] = []
    if isinstance(line, ServiceLine):
        if order.materials_of(line.id):
            raise Refused("service_has_materials")
        changed = _next(order, now, services=without_line(order.services, line.id))
    else:
        _ensure_not_issued(line)
        changed = _next(order, now, parts=without_line(order.parts, line.id))
        released = ReleasedPart(
            line_id=line.id, line_version=line.version + 1, product_id=line.product_id
        )
        events.append(PartsReleased(**naming(changed), lines=(released,)))
    removed = LineRemoved(**naming(changed), line_id=line.id, name=line.name)
    return _repriced(order, changed, removed, *events)


def move(
    order: Order,
    to: OrderStatus,
    reason: str | None,
    pay_percents: dict[UUID, Decimal],
    now: datetime,
) -> Decision:
    """A step of the order's life. ``pay_percents``: what each mechanic earns of a work."""
    if (order.status, to) not in TRANSITIONS:
        raise Refused("illegal_step", old=order.status, new=to)
    if to == "done":
        return _complete(order, reason, pay_percents, now)
    if order.status == "done":
        return _reopen(order, reason, now)
    changed = _next(order, now, status=to)
    moved = _moved(order, changed, reason)
    if to != "cancelled":
        return Decision(changed, (moved,))
    parts = tuple(
        replace(part, state="requested", reserved=Decimal(0), short=Decimal(0))
        for part in order.parts
    )
    changed = replace(changed, parts=parts)
    return Decision(changed, (moved, OrderCancelled(**naming(changed), reason=reason)))


def _complete(
    order: Order, reason: str | None, pay_percents: dict[UUID, Decimal], now: datetime
) -> Decision:
    waiting = [part for part in order.parts if part.state != "reserved"]
    if waiting:
        raise Refused(
            "parts_not_ready", lines=", ".join(f"{part.name} ({part.state})" for part in waiting)
        )
    # A clock that somebody forgot stops with the order.
    services = tuple(
        _clocked(line, replace(line, progress="finished"), now) for line in order.services
    )
    changed = _next(
        order,
        now,
        status="done",
        services=services,
        completion=order.completion + 1,
        completed_at=now,
        settled=False,
    )
    completed = OrderCompleted(
        **naming(changed),
        completion=changed.completion,
        station_id=order.station_id,
        section_id=order.header.section_id,
        employee_id=order.header.employee_id,
        client_id=order.client_id,
        payer_id=order.header.payer_id,
        completed_at=now,
        total=changed.total,
        services_total=changed.services_total,
        products_total=changed.products_total,
        materials_total=changed.materials_total,
        services=tuple(
            CompletedService(
                line_id=line.id,
                name=line.name,
                total=line.total,
                mechanic_id=(mechanic := line.mechanic_id or order.header.employee_id),
                pay_percent=pay_percents.get(mechanic, Decimal(0)),
            )
            for line in services
        ),
        parts=tuple(
            CompletedPart(
                line_id=part.id,
                product_id=part.product_id,
                kind=part.kind,
                quantity=part.quantity,
                total=part.total,
            )
            for part in order.parts
        ),
    )
    return Decision(changed, (_moved(order, changed, reason), completed))


def _reopen(order: Order, reason: str | None, now: datetime) -> Decision:
    changed = _next(order, now, status="in_progress", completed_at=None, settled=False)
    reopened = OrderReopened(**naming(changed), completion=order.completion, reason=reason)
    return Decision(changed, (_moved(order, changed, reason), reopened))


# --- news from other services ------------------------------------------------------------------


def stock_answered(order: Order, answers: Sequence[StockAnswer], now: datetime) -> Decision:
    """The warehouse says what its lines have: states, and with the first answer the price."""
    if order.status not in EDITABLE:
        return Decision(order, ())
    by_line = {answer.line_id: answer for answer in answers}
    parts = tuple(
        _answered(part, by_line[part.id]) if part.id in by_line else part for part in order.parts
    )
    if parts == order.parts:
        return Decision(order, ())
    return _repriced(order, _next(order, now, parts=parts))


def _answered(part: PartLine, answer: StockAnswer) -> PartLine:
    if answer.answer <= part.answer:
        return part
    price = part.price
    if not part.counts and not price.quoted:
        # The catalogue's price at the moment of the reservation is the one that holds.
        price = replace(price, suggested=answer.price, initial=answer.price)
    state: PartState = part.state
    if answer.line_version == part.version:
        state = "short" if answer.short else "reserved"
    return replace(
        part,
        price=price,
        state=state,
        answer=answer.answer,
        reserved=answer.reserved,
        short=answer.short,
    )


def parts_issued(order: Order, completion: int, line_ids: set[UUID], now: datetime) -> Order:
    """Late news of a completion that was undone meanwhile changes nothing."""
    if order.status != "done" or completion != order.completion or not line_ids:
        return order
    parts = tuple(
        replace(part, state="issued") if part.id in line_ids else part for part in order.parts
    )
    return _next(order, now, parts=parts)


def parts_returned(order: Order, completion: int, now: datetime) -> Order:
    if completion <= order.returned_completion:
        return order
    parts = tuple(
        replace(part, state="reserved") if part.state == "issued" else part for part in order.parts
    )
    return _next(order, now, parts=parts, returned_completion=completion)


def settled(order: Order, completion: int, now: datetime) -> Order:
    if order.status != "done" or completion != order.completion or order.settled:
        return order
    return _next(order, now, settled=True)


def paid(order: Order, amount: Decimal, now: datetime) -> Order:
    """A payment that names the order came in; a refund is a negative amount."""
    return _next(order, now, paid=order.paid + amount)


# --- helpers -----------------------------------------------------------------------------------


def naming(order: Order) -> dict[str, Any]:
    """What every event of an order begins with."""
    return {"order_id": order.id, "number": order.number, "revision": order.revision}


def ensure_editable(order: Order) -> None:
    if order.status not in EDITABLE:
        raise Refused("order_closed", status=order.status)


def ensure_revision(order: Order, expected: int | None) -> None:
    if expected is not None and expected != order.revision:
        raise Refused("revision_conflict", expected=expected, actual=order.revision)


def _next(order: Order, now: datetime, **changes: Any) -> Order:
    return replace(order, revision=order.revision + 1, updated_at=now, **changes)


def _repriced(old: Order, new: Order, *events: Event) -> Decision:
    """Ends a decision: if the client owes another sum now, that is a fact of its own."""
    if new.total == old.total:
        return Decision(new, events)
    repriced = OrderRepriced(
        **naming(new),
        old_total=old.total,
        total=new.total,
        services_total=new.services_total,
        products_total=new.products_total,
        materials_total=new.materials_total,
    )
    return Decision(new, (*events, repriced))


def _moved(old: Order, new: Order, reason: str | None) -> OrderMoved:
    return OrderMoved(**naming(new), old_status=old.status, status=new.status, reason=reason)


def _requested(part: PartLine) -> RequestedPart:
    return RequestedPart(
        line_id=part.id,
        line_version=part.version,
        product_id=part.product_id,
        quantity=part.quantity,
    )


def _ensure_carried(order: Order, part: PartLine) -> None:
    if part.kind == "product" and part.service_line_id is None:
        return
    if part.service_line_id is None:
        raise Refused("material_without_service")
    if all(line.id != part.service_line_id for line in order.services):
        raise Refused("line_not_found", id=part.service_line_id)


def _ensure_free_if_invisible(order: Order) -> None:
    """What the client does not see, the client does not pay."""
    if order.header.visible_to_customer:
        return
    if any(line.total for line in order.lines):
        raise Refused("invisible_with_total")


def _ensure_not_issued(part: PartLine) -> None:
    if part.state == "issued":
        raise Refused("line_issued")


def _clocked(old: ServiceLine, new: ServiceLine, now: datetime) -> ServiceLine:
    """Starting a work starts its clock; any other progress stops it."""
    if new.progress == old.progress:
        return new
    if new.progress == "started":
        return replace(new, started_at=now)
    if old.started_at is None:
        return new
    minutes = int((now - old.started_at).total_seconds() // 60)
    return replace(new, started_at=None, clocked_minutes=old.clocked_minutes + minutes)
