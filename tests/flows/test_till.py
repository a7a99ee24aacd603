"""The till and the orders: what is paid follows the money from order to order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete

from services.finance.store.schema import orders
from shared.contracts.finance import GetBalance, GetOrderProfit, TakePayment
from shared.contracts.orders import AddService, OrderCancelled, OrderCreated
from shared.contracts.payment_documents import MoveDeposit, PayFromBalance
from shared.refusals import Refused
from tests.finance.at_work import in_turn
from tests.support.day import Station


async def test_deposit_that_moves_whole_is_paid_for_the_other_order(station: Station) -> None:
    client = await station.a_client()
    wrong = await station.an_order(client_id=client.id)
    right = await station.an_order(client_id=client.id)
    payment = await station.send(
        TakePayment(
            order_id=wrong.id, customer_id=client.id, amount=Decimal("700.00"), method="cash"
        )
    )
    await station.order_when(wrong.id, lambda order: order.paid == 700)

    await station.send(MoveDeposit(payment_id=payment.id, order_id=right.id))

    await station.order_when(right.id, lambda order: order.paid == 700)
    await station.order_when(wrong.id, lambda order: order.paid == 0)


async def test_free_money_is_due_of_no_order_and_paid_of_the_one_that_is_done_first(
    station: Station,
) -> None:
    client = (await station.a_client()).id
    first, second = [await _an_order(station, client) for _ in range(2)]
    pay = {"customer_id": client, "method": "cash"}
    await station.send(TakePayment(amount=Decimal(300), **pay))
    for order_id in (first, second):
        assert (await station.order(order_id)).due == 800
        balance = await station.ask(GetBalance(client_id=client))
        assert balance.free == balance.covers(Decimal(800)) == 300

    await station.move(first, "done")
    await _due(station, first, 500)
    assert (await station.ask(GetBalance(client_id=client))).free == 0

    await station.send(TakePayment(amount=Decimal(100), order_id=first, **pay))
    await _due(station, first, 400)
    await station.send(TakePayment(amount=Decimal(150), order_id=second, **pay))
    await station.order_when(second, lambda order: order.due == 650)
    await station.move(second, "cancelled", "Передумал")
    await station.settle_down()
    paid = await station.send(PayFromBalance(client_id=client, order_id=first))
    assert paid.amount == 150
    await _due(station, first, 250)
    await station.move(first, "in_progress", "Ещё раз")
    # Its own payments, the moved one among them, wait for it; the others are free again.
    await station.order_when(first, lambda order: order.due == 550)


async def test_a_cancellation_that_overtakes_its_order_is_remembered(station: Station) -> None:
    client = await station.a_client()
    order = await station.an_order(client_id=client.id)
    await station.move(order.id, "cancelled", "Передумал")
    await station.settle_down()
    finance = station.running["finance"]
    events = {}
    for record in await station.records(order_id=order.id):
        events[record.event] = record.body
    async with finance.engine.begin() as connection:  # as if neither had come yet
        await connection.execute(delete(orders).where(orders.c.id == order.id))

    for kind in (OrderCancelled, OrderCreated):
        await in_turn(finance, kind.model_validate(events[kind.subject]))

    with pytest.raises(Refused, match="order_cancelled"):
        await station.send(
            TakePayment(
                order_id=order.id, customer_id=client.id, amount=Decimal(100), method="cash"
            )
        )


async def _an_order(station: Station, client: UUID) -> UUID:
    order = await station.an_order(client_id=client)
    work: dict[str, Any] = {"name": "Диагностика", "initial_price": Decimal(800)}
    await station.send(AddService(order_id=order.id, **work))
    await station.move(order.id, "in_progress")
    return order.id


async def _due(station: Station, order_id: UUID, amount: int) -> None:
    """Orders and finance say the same."""
    await station.order_when(
        order_id, lambda order: "settled" in order.flags and order.due == amount
    )
    assert (await station.ask(GetOrderProfit(order_id=order_id))).due == amount
