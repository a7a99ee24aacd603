"""What an order costs: expected, frozen, settled, as finance has it, and hidden from most."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import text

from shared.contracts.audit import OrderTimeline
from shared.contracts.finance import GetOrderProfit
from shared.contracts.orders import AddService, ChangeLine, GetOrder, OrderView
from shared.contracts.work_order import GetWorkOrder
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.roles import ROLES, may_see_cost
from tests.flows.test_working_day import is_settled, reserved
from tests.support.day import Station


async def an_order_with_costs(station: Station) -> OrderView:
    """A work of 1000.00 with 33.33 % to its mechanic; two parts that cost 60 and 70, one 70."""
    order = await station.an_order()
    mechanic = await station.an_employee(order.section_id, pay_percent=Decimal("33.33"))
    order = await station.send(
        AddService(
            order_id=order.id, name="Мойка", initial_price=Decimal(1000), mechanic_id=mechanic.id
        )
    )
    product, warehouse = await station.a_product(), await station.a_warehouse()
    await station.receive(warehouse.id, product.id, "1", "60")
    await station.receive(warehouse.id, product.id, "1", "70")
    await station.request(order.id, product.id, "2")
    other = await station.a_product()
    await station.receive(warehouse.id, other.id, "5", "70")
    work_id = order.services[0].id
    await station.request(order.id, other.id, "1", "material", service_line_id=work_id)
    return await station.order_when(order.id, reserved)


async def test_the_margin_is_foreseen_and_comes_out_as_the_books_have_it(
    station: Station,
) -> None:
    order = await an_order_with_costs(station)
    assert [part.cost for part in (*order.products, *order.materials)] == [
        Decimal(130),
        Decimal(70),
    ]
    total = Decimal(1000) + 2 * Decimal(100) + Decimal(100)
    assert (order.total, order.cost_total) == (total, Decimal(200))
    assert order.margin == total - Decimal(200) - Decimal("333.30")
    whole = await station.ask(GetWorkOrder(order_id=order.id))
    assert (whole.cost_total, whole.pay_total, whole.margin) == (Decimal(200), None, None)

    await station.move(order.id, "in_progress")
    await station.move(order.id, "done")
    settled = await station.order_when(order.id, is_settled)
    profit = await station.ask(GetOrderProfit(order_id=order.id))
    assert (settled.cost_total, settled.margin) == (profit.cost, profit.margin)
    whole = await station.ask(GetWorkOrder(order_id=order.id))
    assert (whole.cost_total, whole.pay_total, whole.margin) == (
        profit.cost,
        profit.pay,
        profit.margin,
    )

    # Undone: what parts cost at their issue is what they are expected to cost again.
    await station.move(order.id, "in_progress")
    await station.settle_down()
    reopened = await station.order(order.id)
    assert (reopened.cost_total, reopened.margin) == (profit.cost, profit.margin)
    assert (await station.ask(GetWorkOrder(order_id=order.id))).pay_total is None


@pytest.mark.parametrize("settled", [False, True])
async def test_only_who_may_see_costs_sees_any(station: Station, settled: bool) -> None:
    order = await an_order_with_costs(station)
    if settled:
        await station.move(order.id, "in_progress")
        await station.move(order.id, "done")
        await station.order_when(order.id, is_settled)
    for role in (*ROLES, "operator"):
        actor = Actor("somebody", role, new_id())
        sees = may_see_cost(role)
        shown = await station.ask(GetOrder(order_id=order.id), actor=actor)
        whole = await station.ask(GetWorkOrder(order_id=order.id), actor=actor)
        costs = [shown.cost_total, shown.margin, whole.cost_total]
        costs += [part.cost for part in (*shown.products, *shown.materials)]
        costs += [part.cost for part in (*whole.products, *whole.materials)]
        costs += [whole.pay_total, whole.margin] if settled else []
        assert [cost is not None for cost in costs] == [sees] * len(costs), role
        page = await station.ask(OrderTimeline(order_id=order.id, limit=200), actor=actor)
        assert ('"cost"' in page.model_dump_json()) == sees, role
    whole = await station.ask(
        GetWorkOrder(order_id=order.id), actor=Actor("documents", "service", new_id())
    )
    assert whole.cost_total == Decimal(200)


async def test_an_answer_to_a_command_hides_costs_as_a_look_does(station: Station) -> None:
    order = await an_order_with_costs(station)
    line = order.products[0]
    change = ChangeLine(order_id=order.id, line_id=line.id, discount_percent=Decimal(5))
    shown = await station.send(change, actor=Actor("anna", "advisor"))
    assert (shown.cost_total, shown.margin, shown.products[0].cost) == (None, None, None)
    assert (await station.send(change)).products[0].cost == Decimal(130)


async def test_a_new_quantity_costs_nothing_known_until_the_warehouse_answers(
    station: Station,
) -> None:
    order = await an_order_with_costs(station)
    line = order.products[0]
    await station.stop("inventory")
    change = ChangeLine(order_id=order.id, line_id=line.id, quantity=Decimal(1))
    changed = await station.send(change)
    assert (changed.products[0].cost, changed.cost_total, changed.margin) == (None, None, None)
    await station.start("inventory")
    answered = await station.order_when(order.id, reserved)
    assert answered.products[0].cost == Decimal(65)


async def test_a_part_that_lies_nowhere_has_no_cost_yet(station: Station) -> None:
    order = await station.an_order()
    product = await station.a_product()
    await station.request(order.id, product.id, "1")
    order = await station.order_when(order.id, lambda order: order.products[0].state == "short")
    assert (order.products[0].cost, order.margin) == (None, None)


async def test_orders_settled_before_pay_was_told_are_asked_for_in_the_books(
    station: Station,
) -> None:
    order = await an_order_with_costs(station)
    await station.move(order.id, "in_progress")
    await station.move(order.id, "done")
    settled = await station.order_when(order.id, is_settled)
    async with station.running["orders"].engine.begin() as connection:
        await connection.execute(text("UPDATE orders SET pay = NULL"))
        await connection.execute(text("UPDATE part_lines SET cost = NULL"))
    again = await station.order(order.id)
    assert (again.cost_total, again.margin) == (settled.cost_total, settled.margin)
    await station.stop("finance")
    assert (await station.order(order.id)).margin is None
