"""Payments that were taken: found again, given back, their receipts."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.names import clients_named, orders_named, people_named
from services.gateway.pages.orders.asking import or_none
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.till.receipts import receipts_of
from shared.contracts.finance import (
    BalanceView,
    GetBalance,
    GetPayment,
    ListPayments,
    PaymentView,
    RefundPayment,
)
from shared.contracts.fiscal import CorrectPayment
from shared.contracts.orders import GetOrder, OrderView
from shared.contracts.payment_documents import GiveBackDeposits, PayFromBalance
from shared.contracts.till import ListCashBoxes

PAYMENTS = "/till/payments"


async def payments(request: PageRequest) -> Response:
    """Newest first, as the address narrows them."""
    asked = request.reads(ListPayments)
    found = await request.ask(asked)
    names, orders = await asyncio.gather(
        clients_named(request, [each.payer_id for each in found.items]),
        orders_named(request, [each.order_id for each in found.items]),
    )
    return request.page(
        "till/payments.html",
        found=found,
        names=names,
        orders=orders,
        table=request.table("/payments", asked),
    )


async def payment(request: PageRequest) -> Response:
    payment = await request.ask(GetPayment(payment_id=request.id("payment_id")))
    names, people, order, receipts, boxes = await asyncio.gather(
        clients_named(request, [payment.payer_id, payment.customer_id]),
        people_named(request, [payment.actor]),
        _order_of(request, payment),
        receipts_of(request, payment.document_id or payment.id),
        request.ask(ListCashBoxes(active=True)),
    )
    return request.page(
        "till/payment.html",
        payment=payment,
        names=names,
        people=people,
        order=order,
        freed=await _freed(request, payment, order),
        receipts=receipts,
        boxes=boxes.items,
        left=payment.amount - payment.refunded,
    )


async def _order_of(request: PageRequest, payment: PaymentView) -> OrderView | None:
    if payment.order_id is None:
        return None
    return await or_none(request, GetOrder(order_id=payment.order_id), "order_not_found")


async def _freed(
    request: PageRequest, payment: PaymentView, order: OrderView | None
) -> BalanceView | None:
    """What its client has, where the order that it was paid for was called off."""
    if order is None or order.status != "cancelled" or payment.refunded == payment.amount:
        return None
    return await request.ask(GetBalance(client_id=payment.customer_id))


async def correct(request: PageRequest) -> Response:
    payment_id = request.id("payment_id")
    await request.send(request.form.message(CorrectPayment, payment_id=payment_id))
    said = request._("The correction is on its way to the register")
    return request.go(f"{PAYMENTS}/{payment_id}", said=said)


async def refund(request: PageRequest) -> Response:
    payment_id = request.id("payment_id")
    await request.send(request.form.message(RefundPayment, payment_id=payment_id))
    return request.go(f"{PAYMENTS}/{payment_id}", said=request._("The money is given back"))


async def give_back(request: PageRequest) -> Response:
    """What a client has paid and no order needs."""
    given = await request.send(request.form.message(GiveBackDeposits))
    return request.go(
        f"{PAYMENTS}?customer_id={given.client_id}", said=request._("The money is given back")
    )


async def pay_from_balance(request: PageRequest) -> Response:
    """A settled order, with what the client has paid and no order needs."""
    paid = await request.send(request.form.message(PayFromBalance))
    said = request._("Paid from the balance: %(amount)s", amount=request.money(paid.amount))
    return request.go(f"/till/pay?client={request.form.get('client_id')}", said=said)


PAGES = (
    show(PAYMENTS, payments, needs=ListPayments),
    show(PAYMENTS + "/{payment_id}", payment, needs=GetPayment),
    act(PAYMENTS + "/{payment_id}/refund", refund, needs=RefundPayment),
    act(PAYMENTS + "/{payment_id}/correction", correct, needs=CorrectPayment),
    act("/till/give-back", give_back, needs=GiveBackDeposits),
    act("/till/from-balance", pay_from_balance, needs=PayFromBalance),
)
