"""Turnover, what lies idle, what is missing; and the sums that they answer from."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
from sqlalchemy import Table, func, insert, select

from services.inventory.store.sums import differences, fold, reckon
from services.inventory.store.tables import movements
from services.inventory.store.tables_reports import last_moves, stock_sums, unfolded
from shared.contracts.base import Period
from shared.contracts.inventory import ListMovements, StockBalances
from shared.contracts.stock_reports import (
    CheckStockReports,
    DeadStock,
    StockShortages,
    StockTurnover,
)
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.messaging.folding import fold_some, reckon_sums
from tests.inventory.at_work import STOREKEEPER, counted, job, together
from tests.inventory.builders import an_ask, completed, decimals, reopened, requested
from tests.support.databases import as_owner
from tests.support.day import Station
from tests.support.waiting import eventually

ADVISOR = Actor("anna", "advisor")


async def tell(station: Station, *events: Any) -> None:
    for event in events:
        (end,) = await together(station.running["inventory"], job(event))
        if isinstance(end, BaseException):
            raise end


async def turnover(station: Station, **asked: Any) -> list[Any]:
    return list((await station.ask(StockTurnover(**asked), actor=STOREKEEPER)).items)


async def test_what_came_less_what_went_is_what_is_there(station: Station) -> None:
    product, warehouse = await station.a_product(), await station.a_warehouse()
    await station.receive(warehouse.id, product.id, "5", cost="10")
    order_id, ask = new_id(), an_ask(product.id, 3)
    await tell(station, requested(order_id, ask), completed(order_id, 1, ask))
    moved = (await station.ask(ListMovements(product_id=product.id))).items
    issued_at = next(each.at for each in moved if each.kind == "issue")
    await tell(station, reopened(order_id, 1))

    async def look() -> None:
        (whole,) = await turnover(station)
        assert (whole.opening_quantity, whole.in_quantity) == decimals(0, 8)
        assert (whole.out_quantity, whole.closing_quantity) == decimals(3, 5)
        assert (whole.in_value, whole.out_value, whole.closing_value) == decimals(80, 30, 50)
        assert {(each.kind, each.quantity, each.value) for each in whole.kinds} == {
            ("receipt", *decimals(5, 50)),
            ("issue", *decimals(-3, -30)),
            ("return", *decimals(3, 30)),
        }
        # What a return has brought back was not taken.
        assert whole.turnover_days is None
        (before,) = await turnover(station, period=Period(end=issued_at))
        assert (before.in_quantity, before.out_quantity, before.closing_quantity) == decimals(
            5, 0, 5
        )
        (after,) = await turnover(station, period=Period(start=issued_at))
        assert (after.opening_quantity, after.in_quantity, after.out_quantity) == decimals(5, 3, 3)
        assert (after.opening_value, after.closing_value) == decimals(50, 50)

    await look()
    await fold_some(station.running["inventory"], fold)
    await look()
    check = await station.ask(CheckStockReports())
    assert check.items == ()
    (masked,) = (await station.ask(StockTurnover(), actor=ADVISOR)).items
    assert (masked.closing_value, masked.in_value, masked.kinds[0].value) == (None, None, None)
    assert masked.closing_quantity == 5


async def test_the_average_is_of_all_the_time_not_of_the_ends(station: Station) -> None:
    product, warehouse = await station.a_product(), await station.a_warehouse()
    await station.receive(warehouse.id, product.id, "8", cost="10")
    order_id, ask = new_id(), an_ask(product.id, 4)
    await tell(station, requested(order_id, ask), completed(order_id, 1, ask))
    now = datetime.now(UTC)
    await _shift(station, {"receipt": now - timedelta(days=40), "issue": now - timedelta(days=10)})

    # Of 40 days 8 lay there for 30 and 4 for 10: 7 on average, and 4 were taken.
    (row,) = await turnover(station)
    assert (row.average_quantity, row.turnover_days) == decimals("7.000", "70.0")
    await fold_some(station.running["inventory"], fold)
    assert await turnover(station, period=Period(end=now + timedelta(seconds=9))) != []
    (row,) = await turnover(station)
    assert (row.average_quantity, row.turnover_days) == decimals("7.000", "70.0")


async def test_what_nobody_takes_lies_dead(station: Station) -> None:
    taken, idle = await station.a_product(name="Ходовой"), await station.a_product(name="Забытый")
    warehouse = await station.a_warehouse()
    for product in (taken, idle):
        await station.receive(warehouse.id, product.id, "5", cost="10")
    now = datetime.now(UTC)
    await _shift(station, {"receipt": now - timedelta(days=200)})
    order_id, ask = new_id(), an_ask(taken.id, 1)
    await tell(station, requested(order_id, ask), completed(order_id, 1, ask))

    for _ in range(2):
        (row,) = (await station.ask(DeadStock(days=180), actor=STOREKEEPER)).items
        assert (row.product, row.on_hand, row.value) == ("Забытый", *decimals(5, 50))
        assert (row.idle_days, row.last_issue_at) == (200, None)
        assert row.last_receipt_at is not None
        assert (await station.ask(DeadStock(days=201))).items == ()
        assert (await station.ask(DeadStock(warehouse_id=new_id()))).items == ()
        await fold_some(station.running["inventory"], fold)
    (masked,) = (await station.ask(DeadStock(), actor=ADVISOR)).items
    assert masked.value is None


async def test_what_is_not_folded_has_its_place_among_what_lies_idle(station: Station) -> None:
    """Pages are the same whatever is folded: of what was taken of, sold out, or only came."""
    running, warehouse = station.running["inventory"], await station.a_warehouse()
    idle, taken, gone, new = [await station.a_product(name=name) for name in "АБВГ"]
    for product in (idle, taken, gone):
        await station.receive(warehouse.id, product.id, "2", cost="10")
    for product, quantity in ((taken, 1), (gone, 2)):
        order_id, ask = new_id(), an_ask(product.id, quantity)
        await tell(station, requested(order_id, ask), completed(order_id, 1, ask))
    await station.receive(warehouse.id, new.id, "1", cost="10")
    now = datetime.now(UTC)
    await _shift(station, {"receipt": now - timedelta(days=90), "issue": now - timedelta(days=30)})
    async with running.engine.begin() as connection:
        await fold(connection, running.settings.zone, 3)

    for _ in range(2):
        names: list[str] = []
        cursor = None
        while not names or cursor:
            page = await station.ask(DeadStock(days=1, limit=1, cursor=cursor))
            names += [row.product for row in page.items]
            cursor = page.next
        assert names == ["А", "Г", "Б"]
        await fold_some(running, fold)


async def test_what_orders_wait_for_and_what_is_below_its_minimum_is_missing(
    station: Station,
) -> None:
    wanted = await station.a_product(name="А")
    low = await station.a_product(name="Б", min_stock=Decimal(10))
    enough = await station.a_product(name="В", min_stock=Decimal(1))
    warehouse = await station.a_warehouse()
    await station.receive(warehouse.id, low.id, "4")
    await station.receive(warehouse.id, enough.id, "4")
    await tell(station, requested(new_id(), an_ask(wanted.id, "2.5")))
    await tell(station, requested(new_id(), an_ask(low.id, "1")))

    first = await station.ask(StockShortages(limit=1))
    rest = await station.ask(StockShortages(limit=1, cursor=first.next))

    assert [
        (row.product, row.on_hand, row.available, row.waiting, row.missing)
        for row in (*first.items, *rest.items)
    ] == [("А", *decimals(0, 0, "2.5", "2.5")), ("Б", *decimals(4, 3, 0, 7))]
    assert rest.next is None


async def test_balances_and_turnover_come_in_pages(station: Station) -> None:
    warehouse = await station.a_warehouse()
    for number in range(5):
        product = await station.a_product(name=f"Товар {number}")
        await station.receive(warehouse.id, product.id, "1")
    for question in (StockBalances, StockTurnover):
        names: list[str] = []
        cursor = None
        while True:
            page: Any = await station.ask(question(limit=2, cursor=cursor))
            names += [row.product for row in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert names == [f"Товар {number}" for number in range(5)]


async def test_counting_costs_no_statement_and_nobody_waits_for_it(station: Station) -> None:
    """Thirty-two orders take of as many products at once, while what they do is folded."""
    running = station.running["inventory"]
    warehouse = await station.a_warehouse()
    products = [await station.a_product(name=f"Товар {number}") for number in range(32)]
    for product in products:
        await station.receive(warehouse.id, product.id, "1")
    asks = [(new_id(), an_ask(product.id, 1)) for product in products]
    await tell(station, *(requested(order, ask) for order, ask in asks))

    with counted(running) as statements:
        await asyncio.gather(
            *(together(running, job(completed(order, 1, ask))) for order, ask in asks),
            *(fold_some(running, fold) for _ in range(8)),
        )
    assert not [made for made in statements.made if made.startswith("INSERT INTO unfolded")]

    async def count(table: Table) -> int | None:
        async with running.engine.connect() as connection:
            return await connection.scalar(select(func.count()).select_from(table))

    async def all_is_folded() -> bool:
        """By whoever: the service folds, too, and one at a time."""
        await fold_some(running, fold)
        return await count(unfolded) == 0

    await eventually(all_is_folded)
    check = await station.ask(CheckStockReports())
    assert check.items == ()

    assert await count(stock_sums) == 32 * 3 * 4
    until_now = StockTurnover(period=Period(end=datetime.now(UTC)))
    turnover = await station.ask(until_now)
    # The operator has them reckoned anew: nothing is lost, and nothing is there twice.
    kept = [await count(table) or 0 for table in (stock_sums, last_moves)]
    assert await reckon_sums(running.engine, running.settings.zone, reckon) == sum(kept)
    assert await station.ask(until_now) == turnover
    assert (await station.ask(CheckStockReports())).items == ()
    assert [await count(table) for table in (stock_sums, last_moves)] == kept


async def test_a_place_whose_last_moves_are_told_wrong_is_named(station: Station) -> None:
    """Of one that goes on moving it is told when that is folded."""
    running, product = station.running["inventory"], await station.a_product()
    warehouse = await station.a_warehouse()
    await station.receive(warehouse.id, product.id, "5", cost="10")
    await fold_some(running, fold)
    assert (await station.ask(CheckStockReports())).items == ()

    owner = await asyncpg.connect(as_owner(station.database_urls["inventory"]))
    await owner.execute("UPDATE last_moves SET lies = false, idle_since = '2020-01-01'")
    await owner.close()
    named = (await station.ask(CheckStockReports())).items
    assert {(each.what, each.key) for each in named} == {
        (f"last_moves.{column}", f"{product.id} {warehouse.id}")
        for column in ("idle_since", "lies")
    }
    assert [each.actual for each in named if each.what == "last_moves.lies"] == ["false"]

    async with running.engine.connect() as connection:
        every = select(movements.c.id)
        await connection.execute(insert(unfolded).from_select(["movement_id"], every))
        found = await differences(connection, running.settings.zone, 100)
        assert {each.what.partition(".")[0] for each in found} == {"stock_sums"}


async def _shift(station: Station, times: dict[str, datetime]) -> None:
    """Things happened at other times than now, as only the tables' owner can say; the sums are
    made anew."""
    owner = await asyncpg.connect(as_owner(station.database_urls["inventory"]))
    async with owner.transaction():
        # What the service is folding at the moment is folded first.
        await owner.execute("LOCK TABLE unfolded")
        for kind, at in times.items():
            await owner.execute("UPDATE movements SET at = $1 WHERE kind = $2", at, kind)
        if "receipt" in times:
            await owner.execute("UPDATE stock SET since = $1", times["receipt"])
        await owner.execute("DELETE FROM stock_sums")
        await owner.execute("DELETE FROM last_moves")
        await owner.execute("INSERT INTO unfolded SELECT id FROM movements ON CONFLICT DO NOTHING")
    await owner.close()
