"""The steps of an order's life, and what is told of its money."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.orders.domain.decision import Decision, naming, revised
from services.orders.domain.order import Order
from services.orders.domain.works import clocked
from shared.contracts.orders import (
    CompletedPart,
    CompletedService,
    OrderCancelled,
    OrderCompleted,
    OrderMoved,
    OrderReopened,
    OrderStatus,
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
    changed = revised(order, now, status=to)
    moved = _moved(order, changed, reason)
    if to != "cancelled":
        return Decision(changed, (moved,))
    parts = tuple(
        part
        if part.state == "released"
        else replace(part, state="requested", reserved=Decimal(0), short=Decimal(0))
        for part in order.parts
    )
    changed = replace(changed, parts=parts)
    return Decision(changed, (moved, OrderCancelled(**naming(changed), reason=reason)))


def _complete(
    order: Order, reason: str | None, pay_percents: dict[UUID, Decimal], now: datetime
) -> Decision:
    _ensure_answered(order)
    waiting = [part for part in order.billed_parts if part.state != "reserved"]
    if waiting:
        raise Refused(
            "parts_not_ready", lines=", ".join(f"{part.name} ({part.state})" for part in waiting)
        )
    # A clock that somebody forgot stops with the order.
    services = tuple(
        line if line.is_declined else clocked(line, replace(line, progress="finished"), now)
        for line in order.services
    )
    changed = revised(
        order,
        now,
        status="done",
        services=services,
        completion=order.completion + 1,
        completed_at=now,
        settled=False,
        pay=None,
    )
    completed = _completed(changed, pay_percents, now)
    return Decision(changed, (_moved(order, changed, reason), completed))


def _completed(order: Order, pay_percents: dict[UUID, Decimal], now: datetime) -> OrderCompleted:
    """Everything that settling the order needs."""
    return OrderCompleted(
        **naming(order),
        completion=order.completion,
        station_id=order.station_id,
        section_id=order.header.section_id,
        employee_id=order.header.employee_id,
        client_id=order.client_id,
        payer_id=order.header.payer_id,
        completed_at=now,
        total=order.total,
        services_total=order.services_total,
        products_total=order.products_total,
        materials_total=order.materials_total,
        services=tuple(
            CompletedService(
                line_id=line.id,
                name=line.name,
                total=line.total,
                mechanic_id=(mechanic := order.mechanic_of(line)),
                pay_percent=pay_percents.get(mechanic, Decimal(0)),
                service_id=line.service_id,
            )
            for line in order.billed_services
        ),
        parts=tuple(
            CompletedPart(
                line_id=part.id,
                product_id=part.product_id,
                kind=part.kind,
                quantity=part.quantity,
                total=part.total,
                service_line_id=part.service_line_id,
            )
            for part in order.billed_parts
        ),
    )


def _ensure_answered(order: Order) -> None:
    """Whatever the client was asked about, the client has answered."""
    unanswered = [line.name for line in order.services if line.approval.waits]
    if unanswered:
        raise Refused("work_not_approved", lines=", ".join(unanswered))


def _reopen(order: Order, reason: str | None, now: datetime) -> Decision:
    changed = revised(order, now, status="in_progress", completed_at=None, settled=False, pay=None)
    reopened = OrderReopened(**naming(changed), completion=order.completion, reason=reason)
    return Decision(changed, (_moved(order, changed, reason), reopened))


def settled(order: Order, completion: int, now: datetime, pay: Decimal | None = None) -> Order:
    """``pay``: what technicians earn of it, if that is told."""
    if order.status != "done" or completion != order.completion or order.settled:
        return order
    return revised(order, now, settled=True, pay=pay)


def paid(order: Order, amount: Decimal, now: datetime) -> Order:
    """A payment that names the order came in; a refund is a negative amount."""
    return revised(order, now, paid=order.paid + amount)


def fully_paid(
    order: Order, completion: int, is_paid: bool, told_at: datetime, now: datetime
) -> Order:
    """Finance says that a completion is fully paid, or no longer is; its newest word counts."""
    if completion != order.completion or (order.paid_told_at and told_at <= order.paid_told_at):
        return order
    return revised(order, now, paid_completion=completion if is_paid else 0, paid_told_at=told_at)


def _moved(old: Order, new: Order, reason: str | None) -> OrderMoved:
    return OrderMoved(**naming(new), old_status=old.status, status=new.status, reason=reason)
