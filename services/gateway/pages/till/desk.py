"""What the cashier looks at, and taking money."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from starlette.responses import Response

from services.gateway.pages.names import clients_named, orders_named, people_named
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.problems import field_invalid
from shared.contracts.clients import FindClients, FoundClient, GetClient
from shared.contracts.finance import GetBalance, TakePayment
from shared.contracts.orders import FindOrders, GetOrder, OrderSummary, OrderView
from shared.contracts.payment_documents import TakePaymentDocument
from shared.contracts.till import CashBoxView, ListCashBoxes
from shared.contracts.till_summary import GetTillSummary

PAY = "/till/pay"
MONEY_METHODS = ("cash", "card", "transfer")
METHODS = ("bonus", *MONEY_METHODS)
"""Bonuses first: they pay the first orders, and money what they leave."""
FOUND = 8


async def till(request: PageRequest) -> Response:
    """Orders to pay, open shifts, today's documents; ``?q=`` finds whoever wants to pay."""
    boxes = (await request.ask(ListCashBoxes(active=True))).items
    box = chosen_box(request, boxes)
    summary, (clients, orders) = await asyncio.gather(
        request.ask(GetTillSummary(cash_box_id=box.id if box else None)),
        _found(request, request.query.get("q", "")),
    )
    shift = next(iter(summary.shifts), None) if box else None
    names, numbers, people = await asyncio.gather(
        clients_named(
            request,
            [
                *(order.client_id for order in summary.orders_to_pay),
                *(document.client_id for document in summary.documents),
            ],
        ),
        orders_named(request, [document.order_id for document in summary.documents]),
        people_named(request, [shift.opened_by] if shift else []),
    )
    return request.page(
        "till/till.html",
        boxes=boxes,
        box=box,
        summary=summary,
        shift=shift,
        people=people,
        names=names,
        numbers=numbers,
        found_clients=clients,
        found_orders=orders,
    )


async def _found(
    request: PageRequest, q: str
) -> tuple[tuple[FoundClient, ...], tuple[OrderSummary, ...]]:
    if not q:
        return (), ()
    clients, orders = await asyncio.gather(
        request.ask(FindClients(q=q, limit=FOUND)), request.ask(FindOrders(q=q, limit=FOUND))
    )
    return clients.items, orders.items


def chosen_box(request: PageRequest, boxes: Iterable[CashBoxView]) -> CashBoxView | None:
    """The box that the address names, else the station's main one."""
    named = request.query.get("box") or request.form.get("cash_box_id")
    boxes = list(boxes)
    return next((box for box in boxes if str(box.id) == named), boxes[0] if boxes else None)


async def pay_page(request: PageRequest) -> Response:
    """For ``?order=`` or ``?client=``: what that client owes, and how they pay it."""
    order_id, client_id = _uuid(request, "order"), _uuid(request, "client")
    order: OrderView | None = None
    if order_id:
        order = await request.ask(GetOrder(order_id=order_id))
    if order:
        client_id = order.client_id
    if client_id is None:
        return request.go("/till")
    client, balance, boxes, summary = await asyncio.gather(
        request.ask(GetClient(client_id=client_id)),
        request.ask(GetBalance(client_id=client_id)),
        request.ask(ListCashBoxes(active=True)),
        request.ask(GetTillSummary(client_id=client_id)),
    )
    box = chosen_box(request, boxes.items)
    to_pay = summary.orders_to_pay
    chosen = {each.order_id for each in to_pay if order is None or each.order_id == order.id}
    payer = order.payer_id if order and order.payer_id != client_id else None
    payers = await clients_named(request, [payer])
    return request.page(
        "till/pay.html",
        client=client,
        balance=balance,
        boxes=boxes.items,
        box=box,
        to_pay=to_pay,
        chosen=chosen,
        # An order that is not settled takes a deposit, in its own name.
        ahead=order if order and order.id not in chosen else None,
        due=sum((each.due for each in to_pay if each.order_id in chosen), Decimal(0)),
        payer=payers.get(payer) if payer else None,
        methods=MONEY_METHODS,
    )


async def take(request: PageRequest) -> Response:
    """Orders that are settled, by as many methods as there are amounts: one document."""
    form = request.form
    orders = [
        {"order_id": order_id, "amount": amount}
        for order_id in form.all("order")
        if (amount := form.amount(f"amount.{order_id}"))
    ]
    parts = [
        {"method": method, "amount": amount}
        for method in METHODS
        if (amount := form.amount(f"part.{method}"))
    ]
    if not parts:
        raise field_invalid("part.cash", "nothing_paid")
    document = await request.send(form.message(TakePaymentDocument, orders=orders, parts=parts))
    payments = document.payments
    bonuses = sum((each.amount for each in payments if each.method == "bonus"), Decimal(0))
    said = []
    if bonuses:
        said.append(request._("Paid with bonuses: %(amount)s", amount=request.money(bonuses)))
    if money := document.amount - bonuses:
        said.append(request._("Taken: %(amount)s", amount=request.money(money)))
    if document.change:
        said.append(request._("Change: %(amount)s", amount=request.money(document.change)))
    return request.go(_back(request), said=". ".join(said))


async def take_deposit(request: PageRequest) -> Response:
    """Money in advance: for an order that is not done, or for none."""
    payment = await request.send(request.form.message(TakePayment))
    said = request._("Taken: %(amount)s", amount=request.money(payment.amount))
    if payment.change:
        said += ". " + request._("Change: %(amount)s", amount=request.money(payment.change))
    return request.go(_back(request), said=said)


def _back(request: PageRequest) -> str:
    box = request.form.get("cash_box_id")
    return f"/till?box={box}" if box else "/till"


def _uuid(request: PageRequest, name: str) -> UUID | None:
    try:
        return UUID(request.query[name]) if name in request.query else None
    except ValueError:
        return None


PAGES = (
    show("/till", till, needs=GetTillSummary),
    show(PAY, pay_page, needs=TakePayment),
    act(PAY, take, needs=TakePaymentDocument),
    act("/till/deposit", take_deposit, needs=TakePayment),
)
