"""The till and the orders: what is paid follows the money from order to order."""

from __future__ import annotations

from decimal import Decimal

from shared.contracts.finance import TakePayment
from shared.contracts.payment_documents import MoveDeposit
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
