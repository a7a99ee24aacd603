"""The steps of an order's life, and what is told of its money."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, overload
from uuid import UUID

from services.orders.domain.clocks import clocked, stopped
from services.orders.domain.decision import (
    Decision,
    ensure_free_if_invisible,
    naming,
    revised,
)
from services.orders.domain.order import NONE, Order, ServiceLine
from shared.contracts.orders import (
    CompletedPart,
    CompletedService,
    Earner,
    OrderCancelled,
    OrderCompleted,
    OrderMoved,
    OrderReopened,
    OrderStatus,
)
from shared.refusals import Refused

_UNSETTLED: dict[str, Any] = {
    "settled": False, "pay": None, "vat_percent": None, "vat": None,
    "owed": None, "paid_told_at": None, "paid_word": None
}  # fmt: skip
"""Of an order that the books know nothing of, or nothing any more."""
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
OF_RECEPTION = TRANSITIONS.keys() - {("new", "in_progress"), ("in_progress", "done")}
"""What is not for whoever does the works, who begins and finishes an order."""


def move(
    order: Order,
    to: OrderStatus,
    reason: str | None,
    earners: Mapping[UUID, Earner],
    now: datetime,
    may_be_missing: Container[UUID] = (),
) -> Decision:
    """A step of the order's life. ``earners``: by id, those who may earn when it is done;
    ``may_be_missing``: products that the warehouse gives before they are there."""
    if (order.status, to) not in TRANSITIONS:
        raise Refused("illegal_step", old=order.status, new=to)
    if to == "done":
        return _complete(order, reason, earners, now, may_be_missing)
    if order.status == "done":
        return _reopen(order, reason, now)
    changed = revised(order, now, status=to)
    moved = _moved(order, changed, reason)
    if to != "cancelled":
        return Decision(changed, (moved,))
    # Nothing is wanted of the warehouse any more.
    parts = tuple(
        replace(part, state="released", reserved=NONE, short=NONE) for part in order.parts
    )
    # Nobody is at work on it any more, whatever their clocks say.
    services = tuple(stopped(line, now) for line in order.services)
    changed = replace(changed, parts=parts, services=services)
    return Decision(changed, (moved, OrderCancelled(**naming(changed), reason=reason)))


def _complete(
    order: Order,
    reason: str | None,
    earners: Mapping[UUID, Earner],
    now: datetime,
    may_be_missing: Container[UUID],
) -> Decision:
    _ensure_answered(order)
    # The warehouse's price may have come after the discount that made a part free.
    ensure_free_if_invisible(order)
    waiting = [
        part
        for part in order.billed_parts
        if part.state != "reserved"
        and not (part.state == "short" and part.product_id in may_be_missing)
    ]
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
        **_UNSETTLED,
    )
    completed = _completed(changed, earners, now)
    return Decision(changed, (_moved(order, changed, reason), completed))


def _completed(order: Order, earners: Mapping[UUID, Earner], now: datetime) -> OrderCompleted:
    """Everything that settling the order needs."""
    header = order.header
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
        services=tuple(_completed_service(order, line, earners) for line in order.billed_services),
        parts=tuple(
            CompletedPart(
                line_id=part.id,
                product_id=part.product_id,
                kind=part.kind,
                quantity=part.quantity,
                total=part.total,
                service_line_id=part.service_line_id,
                may_be_missing=part.state == "short",
            )
            for part in order.billed_parts
        ),
        responsible=_earner(header.responsible_id, earners),
        product_responsible=_earner(header.product_responsible_id, earners),
        type=header.type,
    )


def _completed_service(
    order: Order, line: ServiceLine, earners: Mapping[UUID, Earner]
) -> CompletedService:
    performers = tuple(
        _earner(performer.employee_id, earners).model_copy(update={"share": performer.share})
        for performer in order.performers_of(line)
    )
    return CompletedService(
        line_id=line.id,
        name=line.name,
        total=line.total,
        mechanic_id=performers[0].employee_id,
        pay_percent=performers[0].pay_percent,
        performers=performers,
        group=line.group,
        quantity=line.quantity,
        labor_hours=line.labor_hours,
        service_id=line.service_id,
    )


@overload
def _earner(employee_id: UUID, earners: Mapping[UUID, Earner]) -> Earner: ...
@overload
def _earner(employee_id: UUID | None, earners: Mapping[UUID, Earner]) -> Earner | None: ...
def _earner(employee_id: UUID | None, earners: Mapping[UUID, Earner]) -> Earner | None:
    """Whoever is named earns, also while nothing more is known of them."""
    if employee_id is None:
        return None
    return earners.get(employee_id) or Earner(employee_id=employee_id)


def _ensure_answered(order: Order) -> None:
    """Whatever the client was asked about, the client has answered."""
    unanswered = [line.name for line in order.services if line.approval.waits]
    if unanswered:
        raise Refused("work_not_approved", lines=", ".join(unanswered))


def _reopen(order: Order, reason: str | None, now: datetime) -> Decision:
    issued = {part.id for part in order.billed_parts}
    parts = tuple(
        replace(part, came_back=part.quantity if part.id in issued else NONE)
        for part in order.parts
    )
    changed = revised(
        order, now, status="in_progress", completed_at=None, parts=parts, **_UNSETTLED
    )
    reopened = OrderReopened(**naming(changed), completion=order.completion, reason=reason)
    return Decision(changed, (_moved(order, changed, reason), reopened))


def settled(
    order: Order,
    completion: int,
    now: datetime,
    pay: Decimal | None = None,
    vat: Decimal | None = None,
    vat_percent: Decimal | None = None,
    due: Decimal | None = None,
) -> Order:
    """As the books have it. ``pay``: what technicians earn of it; ``vat``: what of it is the
    state's, at that rate; ``due``: what the client's deposits leave to be paid."""
    if order.status != "done" or completion != order.completion or order.settled:
        return order
    owed = due if order.owed is None else order.owed
    return revised(order, now, settled=True, pay=pay, vat=vat, vat_percent=vat_percent, owed=owed)


def paid(order: Order, amount: Decimal, now: datetime) -> Order:
    """A payment that names the order came in; a refund is a negative amount."""
    return revised(order, now, paid=order.paid + amount)


@dataclass(frozen=True, slots=True)
class DueTold:
    """What finance says is due of a completion, for the ``word``-th time; older versions did not
    count."""

    completion: int
    due: Decimal
    told_at: datetime
    word: int | None = None

    def is_news_to(self, order: Order) -> bool:
        """Its newest word counts. Among those that were not counted, the clock tells; of one
        moment several were told as payments came, and the least is the last."""
        if self.completion != order.completion:
            return False
        if self.word is not None:
            return order.paid_word is None or self.word > order.paid_word
        if order.paid_word is not None:
            return False
        if order.paid_told_at is None or self.told_at > order.paid_told_at:
            return True
        is_less = order.owed is None or self.due <= order.owed
        return self.told_at == order.paid_told_at and is_less


def due_told(order: Order, told: DueTold, now: datetime) -> Order:
    if not told.is_news_to(order):
        return order
    return revised(
        order,
        now,
        owed=told.due,
        paid_completion=0 if told.due else told.completion,
        paid_told_at=told.told_at,
        paid_word=told.word,
    )


def _moved(old: Order, new: Order, reason: str | None) -> OrderMoved:
    return OrderMoved(**naming(new), old_status=old.status, status=new.status, reason=reason)
