"""Parts that leave before they are there, and parts that never go back: through all services."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from uuid import UUID

import pytest

from deploy import reconciliation
from deploy.reconciliation import compare
from services.inventory.handlers import counts
from shared.contracts.finance import GetOrderProfit, ListRecords, OrderProfitView
from shared.contracts.inventory import (
    ChangeWarehouse,
    ListMovements,
    MovementView,
    StockBalance,
    StockBalances,
)
from shared.contracts.orders import ChangeLine, OrderView, RemoveLine
from shared.contracts.reconciliation import COST_AGREES, ISSUED_AGREES, TellIssueCost
from shared.contracts.stock_counts import PostCount, SetCounted, StartCount
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from shared.roles import OPERATOR
from tests.deploy.operating import pitlane_on
from tests.support.day import Station
from tests.support.silence import NO_WAITING_S, silent
from tests.support.waiting import PATIENCE_S

MACHINIST = Actor("root", OPERATOR)


def said(*values: object) -> tuple[object, ...]:
    return values


async def allowed_below_zero(station: Station) -> UUID:
    warehouse = await station.a_warehouse()
    await station.send(ChangeWarehouse(warehouse_id=warehouse.id, may_be_negative=True))
    return warehouse.id


async def wanting(station: Station, product_id: UUID, quantity: str) -> OrderView:
    """An order in progress, whose part the warehouse has answered for."""
    order = await station.an_order()
    await station.request(order.id, product_id, quantity)
    await station.move(order.id, "in_progress")
    return await station.order_when(order.id, lambda seen: seen.products[0].state != "requested")


async def settled(station: Station, order_id: UUID) -> OrderProfitView:
    await station.order_when(order_id, lambda seen: "settled" in seen.flags)
    await station.settle_down()
    return await station.ask(GetOrderProfit(order_id=order_id))


async def balance(station: Station, warehouse_id: UUID) -> StockBalance:
    await station.settle_down()
    (row,) = (await station.ask(StockBalances(warehouse_id=warehouse_id))).items
    return row


async def moves_of(station: Station, order_id: UUID) -> list[MovementView]:
    """The oldest first."""
    return list((await station.ask(ListMovements(order_id=order_id, limit=200))).items)[::-1]


async def test_an_order_is_done_with_what_comes_later_and_costs_what_that_cost(
    station: Station,
) -> None:
    warehouse = await allowed_below_zero(station)
    product = await station.a_product("150")
    await station.receive(warehouse, product.id, "2", "60")
    order = await wanting(station, product.id, "5")
    assert said(order.products[0].state, order.products[0].short) == ("short", 3)

    await station.move(order.id, "done")

    before = await settled(station, order.id)
    assert said(before.revenue, before.cost, before.margin) == (750, 300, 450)
    line = (await station.order(order.id)).products[0]
    assert said(line.state, line.cost, line.short) == ("issued", 300, 3)
    row = await balance(station, warehouse)
    assert said(row.on_hand, row.reserved, row.available, row.value) == (-3, 0, -3, -180)
    assert (await compare(station.ask, pause_s=0)).differences == []

    await station.receive(warehouse, product.id, "4", "80")

    row = await balance(station, warehouse)
    assert said(row.on_hand, row.value) == (1, 80)
    after = await settled(station, order.id)
    assert said(after.cost, after.margin) == (360, 390)
    line = (await station.order(order.id)).products[0]
    assert said(line.state, line.cost, line.short) == ("issued", 360, 0)
    assert (await compare(station.ask, pause_s=0)).differences == []
    kinds = [said(each.kind, each.quantity) for each in await moves_of(station, order.id)]
    assert kinds == [("reserve", 2), ("issue", -2), ("issue_short", -3), ("correction", 0)]

    await station.move(order.id, "in_progress", "забыли деталь")

    await station.order_when(order.id, lambda seen: seen.products[0].state == "reserved")
    row = await balance(station, warehouse)
    assert said(row.on_hand, row.reserved, row.value) == (6, 5, 440)
    books = await station.ask(GetOrderProfit(order_id=order.id))
    assert said(books.settled, books.cost) == (False, 0)
    assert (await compare(station.ask, pause_s=0)).differences == []
    # Whoever waits for parts hears that these only came back.
    (record,) = await station.records(event="evt.inventory.parts_reserved.v1")
    assert record.body["returned"] is True


async def test_what_a_count_finds_is_what_an_order_was_done_without(station: Station) -> None:
    warehouse = await allowed_below_zero(station)
    product = await station.a_product("150")
    await station.receive(warehouse, product.id, "2", "60")
    order = await wanting(station, product.id, "5")
    await station.move(order.id, "done")
    assert (await settled(station, order.id)).cost == 300

    count = await station.send(StartCount(warehouse_id=warehouse, product_ids=(product.id,)))
    await station.send(SetCounted(count_id=count.id, product_id=product.id, quantity=Decimal(1)))
    await station.send(PostCount(count_id=count.id))

    row = await balance(station, warehouse)
    assert row.on_hand == 1
    line = (await station.order(order.id)).products[0]
    assert said(line.state, line.short) == ("issued", 0)
    assert (await compare(station.ask, pause_s=0)).differences == []


async def test_what_an_older_version_did_not_tell_of_a_count_is_told_once(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = await allowed_below_zero(station)
    product = await station.a_product("150")
    await station.receive(warehouse, product.id, "2", "60")
    await station.receive(warehouse, product.id, "1", "80")
    order = await wanting(station, product.id, "5")
    await station.move(order.id, "done")
    booked = (await settled(station, order.id)).cost
    # What is found is worth what such a part is worth by then.
    elsewhere = await station.a_warehouse()
    await station.receive(elsewhere.id, product.id, "1", "100")
    count = await station.send(StartCount(warehouse_id=warehouse, product_ids=(product.id,)))
    await station.send(SetCounted(count_id=count.id, product_id=product.id, quantity=Decimal(1)))
    with monkeypatch.context() as older:
        older.setattr(counts, "corrected", lambda decision: [])
        await station.send(PostCount(count_id=count.id))
    await station.settle_down()
    found = {each.what: each for each in (await compare(station.ask, pause_s=0)).differences}
    wrong = found[COST_AGREES]
    assert ISSUED_AGREES in found
    amount = Decimal(wrong.expected) - Decimal(wrong.actual)
    tell = TellIssueCost(order_id=order.id, amount=amount, reason="Пересчёт до обновления")
    other = tell.model_copy(update={"amount": amount + 1})
    with pytest.raises(Refused, match="issue_cost_differs_otherwise"):
        await station.send(other, actor=MACHINIST)

    monkeypatch.setattr(reconciliation, "PAUSE_S", 0)
    told = await pitlane_on(station, "reconcile", "--tell-again", "Пересчёт до обновления")

    assert f"told what its parts cost: {amount} more" in told.stdout
    assert amount != 0
    assert (await settled(station, order.id)).cost == booked + amount
    assert (await compare(station.ask, pause_s=0)).differences == []
    with pytest.raises(Refused, match="issue_cost_differs_otherwise"):
        await station.send(tell, actor=MACHINIST)
    (record,) = await station.records(event="evt.inventory.issue_cost_corrected.v1")
    assert record.actor_role == OPERATOR


async def test_a_reopened_order_waits_again_for_what_never_came(station: Station) -> None:
    warehouse = await allowed_below_zero(station)
    product = await station.a_product("150")
    order = await wanting(station, product.id, "3")
    await station.move(order.id, "done")
    assert (await settled(station, order.id)).cost == 0

    await station.move(order.id, "in_progress", "не та деталь")

    waiting = await station.order_when(order.id, lambda seen: seen.products[0].state == "short")
    assert waiting.products[0].short == 3
    assert (await balance(station, warehouse)).on_hand == 0

    await station.receive(warehouse, product.id, "3", "70")
    await station.order_when(order.id, lambda seen: seen.products[0].state == "reserved")
    await station.move(order.id, "done")
    assert (await settled(station, order.id)).cost == 210


async def test_where_nothing_is_allowed_below_zero_an_order_waits(station: Station) -> None:
    await station.a_warehouse()
    product = await station.a_product()
    order = await wanting(station, product.id, "1")
    with pytest.raises(Refused) as refused:
        await station.move(order.id, "done")
    assert refused.value.code == "parts_not_ready"


async def test_nobody_else_waits_while_the_warehouse_does_not_say_what_may_be_missing(
    station: Station,
) -> None:
    await station.a_warehouse()
    product = await station.a_product()
    order = await wanting(station, product.id, "1")
    await station.stop("inventory")
    async with silent(station, "inventory") as inventory:
        moving = asyncio.create_task(station.move(order.id, "done"))
        async with asyncio.timeout(PATIENCE_S):
            await inventory.heard.wait()
        async with asyncio.timeout(NO_WAITING_S):
            await station.a_section()
        inventory.may_answer.set()
        with pytest.raises(Refused) as refused:
            await moving
    assert refused.value.code == "parts_not_ready"
    assert inventory.times == 1


async def test_a_storekeeper_does_not_say_how_books_are_kept(station: Station) -> None:
    warehouse = await station.a_warehouse()
    storekeeper = Actor("kladov", "storekeeper")
    for values in ({"may_be_negative": True}, {"costing": "average"}):
        with pytest.raises(Refused) as refused:
            await station.send(
                ChangeWarehouse(warehouse_id=warehouse.id, **values), actor=storekeeper
            )
        assert refused.value.code == "forbidden"
    renamed = await station.send(
        ChangeWarehouse(warehouse_id=warehouse.id, name="Новый"), actor=storekeeper
    )
    assert said(renamed.name, renamed.costing, renamed.may_be_negative) == ("Новый", "fifo", False)


async def test_what_a_reopened_order_spoilt_is_an_expense_and_not_back_in_stock(
    station: Station,
) -> None:
    warehouse = (await station.a_warehouse()).id
    product = await station.a_product("150")
    await station.receive(warehouse, product.id, "6", "60")
    order = await wanting(station, product.id, "4")
    line = order.products[0]
    spoilt = {"order_id": order.id, "line_id": line.id, "on_removal": "write_off"}
    with pytest.raises(Refused) as refused:  # it was never issued
        await station.send(RemoveLine(**spoilt, reason="сломалась"))
    assert refused.value.code == "nothing_to_write_off"
    await station.move(order.id, "done")
    await settled(station, order.id)
    await station.move(order.id, "in_progress", "вернулся")
    await station.order_when(order.id, lambda seen: seen.products[0].state == "reserved")
    with pytest.raises(Refused) as refused:
        await station.send(ChangeLine(**spoilt, quantity=Decimal(3)))
    assert refused.value.params == {"field": "reason"}

    await station.send(ChangeLine(**spoilt, quantity=Decimal(3), reason="лопнула"))

    row = await balance(station, warehouse)
    assert said(row.on_hand, row.reserved, row.value) == (5, 3, 300)
    written = (await moves_of(station, order.id))[-1]
    assert said(written.kind, written.quantity, written.reason) == ("write_off", -1, "лопнула")
    (record,) = (await station.ask(ListRecords(order_id=order.id, type="expense"))).items
    assert said(record.category, record.amount, record.comment) == ("write_off", 60, "лопнула")

    await station.send(RemoveLine(order_id=order.id, line_id=line.id))  # the rest is as good as new

    row = await balance(station, warehouse)
    assert said(row.on_hand, row.reserved, row.value) == (5, 0, 300)
    books = await station.ask(GetOrderProfit(order_id=order.id))
    assert said(books.cost, books.expenses) == (0, 60)
