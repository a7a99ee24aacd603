"""Bonuses across services: orders says what was done, finance says what of it is paid."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from shared.contracts.bonus_rules import CreateBonusRule
from shared.contracts.bonuses import BonusesView, GetBonuses
from shared.contracts.finance import RefundPayment, TakePayment
from shared.contracts.orders import AddService, OrderView
from tests.support.day import Station


async def a_settled_order(station: Station, price: str) -> OrderView:
    order = await station.an_order()
    await station.send(
        AddService(order_id=order.id, name="Замена масла", initial_price=Decimal(price))
    )
    await station.move(order.id, "in_progress")
    await station.move(order.id, "done")
    return await station.order_when(order.id, lambda order: "settled" in order.flags)


async def bonuses(station: Station, client_id: UUID) -> BonusesView:
    await station.settle_down()
    return await station.ask(GetBonuses(client_id=client_id))


async def test_a_paid_order_earns_and_no_longer_waits_however_it_was_paid(station: Station) -> None:
    await station.send(CreateBonusRule(name="Десять", amount="TotalMoney * 0.1"))
    order = await a_settled_order(station, "1000")
    assert "waiting_for_payment" in order.flags

    # The money does not name the order: only finance knows that it is paid.
    paid = await station.send(
        TakePayment(customer_id=order.client_id, amount=Decimal(1000), method="cash")
    )

    view = await bonuses(station, order.client_id)
    assert [(one.kind, str(one.amount), one.number, one.rule) for one in view.items] == [
        ("accrued", "100.00", order.number, "Десять")
    ]
    assert (await station.order(order.id)).flags == ("settled",)

    await station.send(RefundPayment(payment_id=paid.id, amount=Decimal("333.30")))

    assert str((await bonuses(station, order.client_id)).balance) == "66.67"
    assert "waiting_for_payment" in (await station.order(order.id)).flags

    await station.move(order.id, "in_progress", "Стучит")

    assert str((await bonuses(station, order.client_id)).balance) == "0.00"


async def test_while_orders_is_away_a_paid_order_waits_for_its_bonuses(station: Station) -> None:
    await station.send(CreateBonusRule(name="Десять", amount="TotalMoney * 0.1"))
    order = await a_settled_order(station, "500")
    await station.settle_down()
    await station.stop("orders")
    await station.send(
        TakePayment(
            order_id=order.id, customer_id=order.client_id, amount=Decimal(500), method="card"
        )
    )
    assert (await station.ask(GetBonuses(client_id=order.client_id))).items == ()

    await station.start("orders")

    view = await bonuses(station, order.client_id)
    assert [(one.kind, str(one.amount)) for one in view.items] == [("accrued", "50.00")]
