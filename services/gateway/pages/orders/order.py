"""``/orders/{order_id}``: one order at a glance, as the people who work on it need it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from starlette.responses import Response

from services.gateway.pages.names import people_named
from services.gateway.pages.orders import looks
from services.gateway.pages.orders.asking import nothing, or_none
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import show
from shared.contracts.approvals import (
    DeclinedWorkView,
    EstimateLink,
    EstimateLinkView,
    ListDeclinedWorks,
)
from shared.contracts.finance import BalanceView, GetBalance, ListPayments, PaymentView
from shared.contracts.forms import FormView, ListForms
from shared.contracts.orders import (
    CommentView,
    GetOrder,
    ListComments,
    OrderView,
    PartLineView,
    ServiceLineView,
)
from shared.contracts.photos import ListPhotos
from shared.contracts.work_order import GetWorkOrder, WorkOrder
from shared.contracts.works import VehicleWarranty, WarrantyLine
from shared.promises import has_gone
from shared.roles import MAY_CALL_OFF, MAY_PRICE

OPEN = frozenset({"draft", "new", "in_progress"})
"""States in which an order may be edited."""
MANY = 200
_OF_WHAT_WAS_DONE = frozenset(
    {"acceptance_act", "completion_act", "invoice", "goods_receipt", "warranty_card"}
)
"""Papers that say nothing true of an order that was called off."""


@dataclass(frozen=True, slots=True)
class Job:
    """A work with all that belongs to it."""

    line: ServiceLineView
    who: str
    """Whoever does it."""
    materials: tuple[PartLineView, ...]
    goods: tuple[PartLineView, ...]

    @property
    def total(self) -> Decimal:
        """What the client pays for it."""
        return self.line.customer_total + sum((part.total for part in self.goods), Decimal(0))


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything that the page shows of one order."""

    order: OrderView
    whole: WorkOrder
    jobs: tuple[Job, ...]
    goods: tuple[PartLineView, ...]
    """That belong to no work."""
    comments: tuple[CommentView, ...]
    payments: tuple[PaymentView, ...]
    balance: BalanceView | None
    """The client's, as long as something is due."""
    link: EstimateLinkView | None
    declined: tuple[DeclinedWorkView, ...]
    """Of the car, on other orders."""
    warranty: tuple[WarrantyLine, ...]
    forms: tuple[FormView, ...]
    names: Mapping[str, str]
    """Of those who wrote and took money, by login."""

    @property
    def is_open(self) -> bool:
        return self.order.status in OPEN

    @property
    def is_late(self) -> bool:
        """The car should have been given back by now."""
        promised = self.order.vehicle_out_at
        overdue = promised is not None and promised < datetime.now(UTC)
        return overdue and (self.is_open or self.goes_out)

    @property
    def is_in(self) -> bool:
        """The car has come."""
        came = self.order.vehicle_in_at
        return came is not None and came <= datetime.now(UTC)

    @property
    def is_back(self) -> bool:
        """The car has gone. As long as the order is open, the time is what was promised."""
        order = self.order
        if self.is_open:
            return False
        return has_gone(order.vehicle_out_at, order.completed_at, datetime.now(UTC))

    @property
    def comes_in(self) -> bool:
        """It may be said that the car has come."""
        return self.is_open and self.order.vehicle_id is not None and not self.is_in

    @property
    def goes_out(self) -> bool:
        """It may be said that the car has gone. A work that is done was done on a car that was
        there, whether or not anybody has said so."""
        was_there = self.order.status == "done" or (self.is_in and not self.is_open)
        return was_there and self.order.vehicle_id is not None and not self.is_back

    @property
    def asked(self) -> tuple[ServiceLineView, ...]:
        """Works whose answer is awaited."""
        return tuple(line for line in self.order.services if line.approval.state == "quoted")

    @property
    def unasked(self) -> tuple[ServiceLineView, ...]:
        return tuple(line for line in self.order.services if line.approval.state == "unasked")

    @property
    def awaited(self) -> tuple[PartLineView, ...]:
        """Parts that the warehouse has not got ready."""
        parts = (*self.order.products, *self.order.materials)
        return tuple(part for part in parts if part.state in ("requested", "short"))


async def sight_of(request: PageRequest, order_id: UUID) -> Sight:
    """Two rounds of questions: the order, and what is to be said of its car."""
    may = request.may
    order, whole, comments, forms, payments, link = await asyncio.gather(
        request.ask(GetOrder(order_id=order_id)),
        request.ask(GetWorkOrder(order_id=order_id)),
        request.ask(ListComments(order_id=order_id, limit=MANY)),
        request.ask(ListForms()),
        request.ask(ListPayments(order_id=order_id)) if may("ListPayments") else nothing(),
        _link(request, order_id),
    )
    paid = payments.items if payments else ()
    declined, warranty, balance, names = await asyncio.gather(
        _declined(request, order),
        _warranty(request, order),
        balance_for(request, order),
        people_named(
            request, (*(one.author for one in comments.items), *(one.actor for one in paid))
        ),
    )
    return Sight(
        order=order,
        whole=whole,
        jobs=_jobs(request, order, whole),
        goods=tuple(part for part in order.products if part.service_line_id is None),
        comments=comments.items,
        payments=paid,
        balance=balance,
        link=link,
        declined=declined,
        warranty=warranty,
        forms=tuple(form for form in forms.items if _is_of(form, order)),
        names=names,
    )


async def balance_for(request: PageRequest, order: OrderView) -> BalanceView | None:
    """Of whose client; none where nothing is due, or who looks may not see it."""
    if not order.due or not request.may("GetBalance"):
        return None
    return await request.ask(GetBalance(client_id=order.client_id))


async def _link(request: PageRequest, order_id: UUID) -> EstimateLinkView | None:
    if not request.may("EstimateLink"):
        return None
    return await or_none(request, EstimateLink(order_id=order_id), "estimate_link_not_found")


async def _declined(request: PageRequest, order: OrderView) -> tuple[DeclinedWorkView, ...]:
    """What the car still needs and this order has not got."""
    if not (order.declined_works and order.vehicle_id and request.may("ListDeclinedWorks")):
        return ()
    listed = await request.ask(ListDeclinedWorks(vehicle_id=order.vehicle_id))
    return tuple(work for work in listed.items if work.order_id != order.id)


async def _warranty(request: PageRequest, order: OrderView) -> tuple[WarrantyLine, ...]:
    """What was done on the car earlier, and may have to be done again for nothing."""
    if order.vehicle_id is None or order.status not in OPEN:
        return ()
    listed = await request.ask(
        VehicleWarranty(vehicle_id=order.vehicle_id, mileage_km=order.mileage_km)
    )
    return tuple(line for line in listed.items if line.in_force != "false")


def _is_of(form: FormView, order: OrderView) -> bool:
    if order.status == "cancelled" and form.code in _OF_WHAT_WAS_DONE:
        return False
    return form.about == "order"


def _jobs(request: PageRequest, order: OrderView, whole: WorkOrder) -> tuple[Job, ...]:
    who = {
        line.id: ", ".join(
            f"{one.person.name} {request.number(one.share)} %" for one in line.performers
        )
        or (line.mechanic.name if line.mechanic else "")
        for line in (*whole.services, *whole.declined)
    }
    return tuple(
        Job(
            line,
            who.get(line.id, ""),
            tuple(part for part in order.materials if part.service_line_id == line.id),
            tuple(part for part in order.products if part.service_line_id == line.id),
        )
        for line in order.services
    )


def shown(request: PageRequest, **values: Any) -> dict[str, Any]:
    """What every template of an order needs besides: the looks, who says prices, and who may do
    more than begin and finish the order."""
    return {
        "looks": looks,
        "says_prices": request.signed_in.role in MAY_PRICE,
        "may_call_off": request.signed_in.role in MAY_CALL_OFF,
        **values,
    }


async def order_page(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    sight, photos = await asyncio.gather(
        sight_of(request, order_id),
        request.ask(ListPhotos(order_id=order_id, limit=MANY))
        if request.may("ListPhotos")
        else nothing(),
    )
    link_url = sight.link and (sight.link.url or request.address(sight.link.path))
    photographed = photos.items if photos else ()
    return request.page(
        "orders/order.html",
        photos=photographed,
        authors=await people_named(request, (photo.author for photo in photographed)),
        **shown(request, sight=sight, order=sight.order, link_url=link_url),
    )


PAGES = (show("/orders/{order_id}", order_page, needs=GetOrder),)
