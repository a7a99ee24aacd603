"""A payment for an order, taken where the order is looked at; the till's own page has the rest."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway.pages.orders.order import balance_for, shown
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.finance import TakePayment
from shared.contracts.orders import GetOrder


async def pay_page(request: PageRequest) -> Response:
    order = await request.ask(GetOrder(order_id=request.id("order_id")))
    balance = await balance_for(request, order)
    return request.page("orders/pay.html", **shown(request, order=order, balance=balance))


async def pay(request: PageRequest) -> Response:
    """The order says whose balance moves and who pays."""
    order_id = request.id("order_id")
    order = await request.ask(GetOrder(order_id=order_id))
    taken = await request.send(
        request.form.message(
            TakePayment, order_id=order_id, customer_id=order.client_id, payer_id=order.payer_id
        )
    )
    said = request._("Payment taken")
    if taken.change:
        said = request._("Payment taken. Change: %(sum)s ₽", sum=taken.change)
    return request.go(f"/orders/{order_id}", said=said)


PAGES = (
    show("/orders/{order_id}/pay", pay_page, needs=TakePayment),
    act("/orders/{order_id}/pay", pay, needs=TakePayment),
)
