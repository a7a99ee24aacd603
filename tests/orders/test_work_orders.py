"""Whole work orders, as documents and formulas ask for them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shared.contracts.base import Period
from shared.contracts.orders import AddService
from shared.contracts.work_order import FindWorkOrders, GetWorkOrder
from shared.ids import new_id
from shared.refusals import Refused
from tests.orders.test_handlers import a_new_order
from tests.support.day import Station


async def test_an_order_is_told_with_all_that_it_names(station: Station) -> None:
    order = await a_new_order(station, customer_reason="Стук спереди", driver="Сидоров")
    order = await station.send(
        AddService(order_id=order.id, name="Диагностика", initial_price=Decimal(700))
    )
    whole = await station.ask(GetWorkOrder(order_id=order.id))
    assert whole.number == order.number
    assert (whole.customer.name, whole.payer.name) == ("Иванов Иван", "Иванов Иван")
    assert whole.driver
    assert whole.driver.name == "Сидоров"
    assert whole.mechanic
    assert whole.mechanic.name == "Петров Пётр"
    assert whole.services[0].mechanic == whole.mechanic
    assert whole.customer_reason == "Стук спереди"
    assert (whole.total, whole.services_total) == (Decimal(700), Decimal(700))
    assert whole.section.id == order.section_id


async def test_an_unknown_order_is_refused(station: Station) -> None:
    with pytest.raises(Refused, match="order_not_found"):
        await station.ask(GetWorkOrder(order_id=new_id()))


async def test_completed_orders_come_page_by_page_the_oldest_first(station: Station) -> None:
    orders = [await a_new_order(station) for _ in range(3)]
    for order in orders:
        await station.move(order.id, "in_progress")
    for order in orders:
        await station.move(order.id, "done")
    first = await station.ask(FindWorkOrders(limit=2))
    rest = await station.ask(FindWorkOrders(limit=2, cursor=first.next))
    assert [each.id for each in (*first.items, *rest.items)] == [order.id for order in orders]
    assert rest.next is None

    second = first.items[1].completed_at
    of_one = FindWorkOrders(client_id=orders[1].client_id, period=Period(start=second))
    assert [each.id for each in (await station.ask(of_one)).items] == [orders[1].id]
    assert not (
        await station.ask(FindWorkOrders(period=Period(end=first.items[0].completed_at)))
    ).items
