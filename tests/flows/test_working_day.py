"""The eight steps of a day, across all services."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from shared.contracts.audit import OrderTimeline, VerifyChain
from shared.contracts.clients import FindClients
from shared.contracts.finance import (
    GetBalance,
    GetOrderProfit,
    IncomeExpenses,
    ListRecords,
    OrderProfits,
    RecordExpense,
    TakePayment,
)
from shared.contracts.inventory import ListMovements, StockBalances
from shared.contracts.orders import (
    AddComment,
    AddService,
    ChangeLine,
    EmployeeWorkload,
    FindOrders,
    OrdersBySection,
    OrderView,
    RemoveLine,
)
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.support.day import Station
from tests.support.waiting import eventually


def decimals(*values: str | int) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, values))


def reserved(order: OrderView) -> bool:
    return all(part.state == "reserved" for part in (*order.products, *order.materials))


def is_settled(order: OrderView) -> bool:
    return "settled" in order.flags


async def test_a_car_goes_through_the_station(station: Station) -> None:
    # 1. the client calls, with the car
    client = await station.a_client(last_name="Сидорова", phones=("8 916 555-44-33",))
    vehicle = await station.a_vehicle(client.id, vin="XTA210990Y2766389")
    for q in ("5554433", "XTA2109", "а123вс", "сидоров"):
        found = await station.ask(FindClients(q=q))
        assert [hit.id for hit in found.items] == [client.id], q

    # 2. an order
    section = await station.a_section()
    mechanic = await station.an_employee(section.id, pay_percent=Decimal(40), login="misha")
    order = await station.an_order(client_id=client.id, vehicle_id=vehicle.id)
    assert (order.status, order.total) == ("new", Decimal(0))

    # 3. works and parts: available stock falls, the line appears, the price is recalculated
    warehouse = await station.a_warehouse()
    oil = await station.a_product(price="900", name="Масло 5W-40")
    gloves = await station.a_product(price="20", name="Перчатки")
    await station.receive(warehouse.id, oil.id, "10", cost="500")
    await station.receive(warehouse.id, gloves.id, "10", cost="5")
    order = await station.send(
        AddService(
            order_id=order.id,
            name="Замена масла",
            initial_price=Decimal(1000),
            mechanic_id=mechanic.id,
        )
    )
    await station.request(order.id, oil.id, "4")
    await station.request(
        order.id, gloves.id, "2", kind="material", service_line_id=order.services[0].id
    )
    order = await station.order_when(order.id, lambda o: len(o.materials) == 1 and reserved(o))
    assert order.total == Decimal("4640.00")
    assert order.services[0].customer_total == Decimal("1040.00")
    stock = await station.stock(oil.id, warehouse.id)
    assert (stock.on_hand, stock.reserved, stock.available) == decimals(10, 4, 6)

    # 4. the technician works
    await station.move(order.id, "in_progress")
    technician = Actor("misha", "technician")
    mine = await station.ask(FindOrders(status="in_progress", own=True), actor=technician)
    assert [item.id for item in mine.items] == [order.id]
    await station.send(
        ChangeLine(order_id=order.id, line_id=order.services[0].id, progress="finished"),
        actor=technician,
    )
    await station.send(AddComment(order_id=order.id, text="Готово"), actor=technician)
    await station.request(order.id, oil.id, "1")
    await station.order_when(order.id, lambda o: len(o.products) == 2 and reserved(o))

    # 5. done, with the total computed; 6. settled
    done = await station.move(order.id, "done")
    assert done.total == Decimal("5540.00")
    await station.order_when(order.id, is_settled)
    profit = await station.ask(GetOrderProfit(order_id=order.id))
    assert (profit.revenue, profit.cost, profit.pay) == (
        Decimal("5540.00"),
        Decimal("2510.00"),
        Decimal("400.00"),
    )
    assert profit.margin == Decimal("2630.00")
    (income,) = (await station.ask(ListRecords(type="income", order_id=order.id))).items
    assert (income.amount, income.client_id) == (Decimal("5540.00"), client.id)
    await station.send(
        TakePayment(
            order_id=order.id, customer_id=client.id, amount=Decimal("5540.00"), method="cash"
        )
    )
    assert (await station.ask(GetBalance(client_id=client.id))).owes == 0
    await station.order_when(order.id, lambda o: o.paid == Decimal("5540.00"))
    await station.send(RecordExpense(amount=Decimal(300), category="Доставка", order_id=order.id))

    # 7. logs and reports
    await station.settle_down()
    timeline = await station.ask(OrderTimeline(order_id=order.id, limit=200))
    told = [entry.event.split(".")[2] for entry in timeline.items]
    for fact in ("order_created", "parts_requested", "parts_reserved", "order_repriced",
                 "order_completed", "parts_issued", "order_settled", "payment_taken",
                 "comment_added", "expense_recorded"):  # fmt: skip
        assert fact in told, fact
    assert (await station.ask(VerifyChain())).intact
    sections = (await station.ask(OrdersBySection())).items
    assert sum(row.done for row in sections) == 1
    assert sum(row.total for row in sections) == Decimal("5540.00")
    workload = (await station.ask(EmployeeWorkload())).items
    assert [(row.employee_id, row.labor_total) for row in workload] == [
        (mechanic.id, Decimal("1000.00"))
    ]
    balances = {row.product_id: row for row in (await station.ask(StockBalances())).items}
    assert (balances[oil.id].on_hand, balances[oil.id].value) == decimals(5, 2500)
    (row,) = (await station.ask(OrderProfits())).items
    assert (row.order_id, row.margin) == (order.id, Decimal("2630.00"))
    books = (await station.ask(IncomeExpenses())).items
    earned = sum(row.amount if row.type == "income" else -row.amount for row in books)
    assert earned == Decimal("2330.00")  # the margin less the delivery


async def test_what_is_missing_is_back_ordered_and_filled_oldest_first(station: Station) -> None:
    warehouse = await station.a_warehouse()
    product = await station.a_product(price="50")
    await station.receive(warehouse.id, product.id, "3")
    first, second = await station.an_order(), await station.an_order()
    await station.request(first.id, product.id, "5")
    first = await station.order_when(first.id, lambda o: o.products[0].state == "short")
    assert (first.products[0].reserved, first.products[0].short) == decimals(3, 2)
    await station.request(second.id, product.id, "2")
    await station.order_when(second.id, lambda o: o.products[0].state == "short")

    await station.receive(warehouse.id, product.id, "2")

    first = await station.order_when(first.id, reserved)
    await station.settle_down()
    assert (await station.order(second.id)).products[0].state == "short"
    await station.receive(warehouse.id, product.id, "2")
    await station.order_when(second.id, reserved)


async def test_a_removed_line_and_a_cancelled_order_release_their_parts(station: Station) -> None:
    warehouse = await station.a_warehouse()
    product = await station.a_product()
    await station.receive(warehouse.id, product.id, "10")
    removed, cancelled = await station.an_order(), await station.an_order()
    order = await station.request(removed.id, product.id, "4")
    await station.request(cancelled.id, product.id, "3")
    await station.order_when(removed.id, reserved)
    await station.order_when(cancelled.id, reserved)

    await station.send(RemoveLine(order_id=removed.id, line_id=order.products[0].id))
    await station.move(cancelled.id, "cancelled", "передумал")

    async def all_is_free() -> bool:
        return (await station.stock(product.id, warehouse.id)).available == 10

    await eventually(all_is_free)
    movements = (await station.ask(ListMovements(product_id=product.id, limit=200))).items
    assert sum(m.quantity for m in movements if m.kind in ("receipt", "issue", "return")) == 10


async def test_reopening_reverses_and_done_again_settles_the_new_total(station: Station) -> None:
    warehouse = await station.a_warehouse()
    product = await station.a_product(price="100")
    await station.receive(warehouse.id, product.id, "5", cost="70")
    order = await station.an_order()
    await station.request(order.id, product.id, "2")
    await station.order_when(order.id, reserved)
    await station.move(order.id, "in_progress")
    await station.move(order.id, "done")
    await station.order_when(order.id, is_settled)

    await station.move(order.id, "in_progress", "клиент вернулся")
    await station.order_when(order.id, reserved)
    await station.request(order.id, product.id, "1")
    await station.order_when(order.id, lambda o: len(o.products) == 2 and reserved(o))
    await station.move(order.id, "done")
    await station.order_when(order.id, is_settled)

    profit = await station.ask(GetOrderProfit(order_id=order.id))
    assert (profit.revenue, profit.cost) == (Decimal("300.00"), Decimal("210.00"))
    records = (await station.ask(ListRecords(type="income", order_id=order.id))).items
    assert sorted(record.amount for record in records) == [-200, 200, 300]
    stock = await station.stock(product.id, warehouse.id)
    assert (stock.on_hand, stock.reserved) == decimals(2, 0)


async def test_thirty_two_people_race_for_the_last_ten(station: Station) -> None:
    warehouse = await station.a_warehouse()
    product = await station.a_product(price="10")
    await station.receive(warehouse.id, product.id, "10")
    orders = [await station.an_order() for _ in range(32)]

    await asyncio.gather(*(station.request(order.id, product.id, "1") for order in orders))

    settled = [
        await station.order_when(order.id, lambda o: o.products[0].state != "requested")
        for order in orders
    ]
    states = [order.products[0].state for order in settled]
    assert (states.count("reserved"), states.count("short")) == (10, 22)
    stock = await station.stock(product.id, warehouse.id)
    assert (stock.on_hand, stock.reserved, stock.available) == decimals(10, 10, 0)


async def test_refused_attempts_are_in_the_audit(station: Station) -> None:
    order = await station.an_order()
    with pytest.raises(Refused, match="illegal_step"):
        await station.move(order.id, "done")

    async def is_recorded() -> bool:
        return bool(await station.records(event="evt.orders.command_refused.v1"))

    await eventually(is_recorded)
    (record,) = await station.records(event="evt.orders.command_refused.v1")
    assert (record.order_id, record.actor) == (order.id, "admin")
    assert record.body["code"] == "illegal_step"
