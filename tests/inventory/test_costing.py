"""Costing, cells and the past through the running service; and whether its books agree."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event as events
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from services.inventory.store import queries
from services.inventory.store.tables import allocations, lots, movements, requests, stock
from shared.contracts.base import Command, Event, Page
from shared.contracts.costing import (
    ChangeCell,
    CheckStock,
    CostingMethod,
    CreateCell,
    IssueCostCorrected,
    ListCells,
    ListHomeCells,
    PickList,
    PickView,
    SetHomeCell,
)
from shared.contracts.inventory import (
    ChangeWarehouse,
    GetStock,
    PartsIssued,
    StockBalances,
)
from shared.contracts.reconciliation import Difference
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.inventory.at_work import STOREKEEPER, job, published, rows_of, together
from tests.inventory.builders import an_ask, completed, minutes, reopened, requested
from tests.inventory.history import OrdersSide
from tests.inventory.test_batches import Shop
from tests.support.day import Station

ADVISOR = Actor("sovetnik", "advisor")
OPERATOR = Actor("ops", "operator")


type Told = list[tuple[int, Event | Command[Any]]]


def said(*values: object) -> tuple[object, ...]:
    return values


RULES = {
    "on_hand_by_movements",
    "reserved_by_movements",
    "value_by_movements",
    "on_hand_by_lots",
    "value_by_lots",
    "missing_by_shortages",
    "reserved_by_lines",
    "free_while_missing",
    "short_while_available",
    "short_of_line",
    "issued_of_line",
    "returned_of_order",
}


async def differences(station: Station) -> Sequence[Difference]:
    return (await station.ask(CheckStock(limit=200), actor=OPERATOR)).items


async def with_method(station: Station, warehouse_id: UUID, method: CostingMethod) -> None:
    await station.send(ChangeWarehouse(warehouse_id=warehouse_id, costing=method))


# --- what it costs -------------------------------------------------------------------------------


async def test_average_cost_is_of_all_that_lies_there_and_loses_nothing(station: Station) -> None:
    """3 at 10.00 and 4 at 10.01 are worth 70.04; the three pieces that go cost 30.01714, and the
    last four take what is left of a kopeck along."""
    shop = await Shop(station).open(products=1)
    (product,) = shop.products
    await with_method(station, shop.warehouses[0], "average")
    await together(shop.running, job(shop.receipt((product, 3, "10"))))
    await together(shop.running, job(shop.receipt((product, 4, "10.01"))))

    for order, wanted, cost in ((new_id(), 3, "30.02"), (new_id(), 4, "40.02")):
        ask = an_ask(product, wanted)
        await together(shop.running, job(requested(order, ask)), job(completed(order, 1, ask)))
        (*_, issued) = await published(shop.running, PartsIssued)
        assert issued.cost == Decimal(cost)
    (row,) = await rows_of(shop.running, stock)
    assert said(row.on_hand, row.value) == (0, 0)
    assert [lot.value for lot in await rows_of(shop.running, lots)] == [0, 0]
    assert await differences(station) == ()


async def test_a_change_of_the_method_moves_no_value_and_counts_from_then_on(
    station: Station,
) -> None:
    shop = await Shop(station).open(products=1)
    (product,) = shop.products
    await together(shop.running, job(shop.receipt((product, 2, "10"), (product, 8, "20"))))
    costs = []
    for method in ("fifo", "average", "fifo"):
        before = (await rows_of(shop.running, stock))[0].value
        await with_method(station, shop.warehouses[0], method)
        assert (await rows_of(shop.running, stock))[0].value == before
        order, ask = new_id(), an_ask(product, 1)
        await together(shop.running, job(requested(order, ask)), job(completed(order, 1, ask)))
        (*_, issued) = await published(shop.running, PartsIssued)
        costs.append(issued.cost)

    # One of the lot at 10; then a ninth of 10 + 8 x 20; then of the lots that were levelled.
    assert costs == [Decimal("10.00"), Decimal("18.89"), Decimal("18.89")]
    assert await differences(station) == ()


async def test_what_is_brought_back_to_a_pool_comes_at_its_issue_cost(station: Station) -> None:
    shop = await Shop(station).open(products=1)
    (product,) = shop.products
    await with_method(station, shop.warehouses[0], "average")
    await together(shop.running, job(shop.receipt((product, 4, "10"))))
    order, ask = new_id(), an_ask(product, 2)
    await together(shop.running, job(requested(order, ask)), job(completed(order, 1, ask)))
    await together(shop.running, job(shop.receipt((product, 2, "40"))))

    await together(shop.running, job(reopened(order, 1)))

    (row,) = await rows_of(shop.running, stock)
    assert said(row.on_hand, row.value) == (6, 120)
    assert sorted(lot.value for lot in await rows_of(shop.running, lots)) == [40, 80]
    assert await differences(station) == ()


async def test_one_receipt_corrects_every_order_that_went_without_by_its_age(
    station: Station,
) -> None:
    shop = await Shop(station).open(products=1)
    (product,) = shop.products
    await station.send(ChangeWarehouse(warehouse_id=shop.warehouses[0], may_be_negative=True))
    await together(shop.running, job(shop.receipt((product, 1, "50"))))
    orders = [(new_id(), an_ask(product, 2)) for _ in range(3)]
    for minute, (order, ask) in enumerate(orders):
        await together(shop.running, job(requested(order, ask), at=minutes(minute)))
        await together(shop.running, job(completed(order, 1, ask)))
    issued = await published(shop.running, PartsIssued)
    assert [said(each.cost, each.lines[0].provisional) for each in issued] == [
        (Decimal(100), 1),
        (Decimal(100), 2),
        (Decimal(100), 2),
    ]

    await together(shop.running, job(shop.receipt((product, 4, "60.55"))))

    told = await published(shop.running, IssueCostCorrected)
    assert [said(each.order_id, each.amount, each.lines[0].provisional) for each in told] == [
        (orders[0][0], Decimal("10.55"), 0),
        (orders[1][0], Decimal("21.10"), 0),
        (orders[2][0], Decimal("10.55"), 1),
    ]
    (row,) = await rows_of(shop.running, stock)
    assert said(row.on_hand, row.missing, row.value) == (-1, 1, -50)
    assert await differences(station) == ()


# --- cells ---------------------------------------------------------------------------------------


async def test_a_cell_is_found_by_name_and_barcode_and_shown_with_what_lies_in_it(
    station: Station,
) -> None:
    shop = await Shop(station).open(products=2, warehouses=2)
    first, other = shop.products
    main, far = shop.warehouses
    made = await station.send(
        CreateCell(warehouse_id=main, name="B-01-1", barcode="2000000000411"), actor=STOREKEEPER
    )
    early = await station.send(CreateCell(warehouse_id=main, name="A-03-2"))
    await station.send(CreateCell(warehouse_id=far, name="A-03-2"))
    for taken, code in (
        (CreateCell(warehouse_id=main, name="a-03-2"), "name_taken"),
        (CreateCell(warehouse_id=far, name="C", barcode="2000000000411"), "barcode_taken"),
    ):
        with pytest.raises(Refused) as refused:
            await station.send(taken)
        assert refused.value.code == code
    page = await station.ask(ListCells(q="2000000000411"))
    assert page.items == (made,)
    assert [cell.name for cell in (await station.ask(ListCells(warehouse_id=main))).items] == [
        "A-03-2",
        "B-01-1",
    ]
    moved = await station.send(ChangeCell(cell_id=made.id, expected_revision=1, name="B-01-2"))
    assert said(moved.name, moved.barcode, moved.revision) == ("B-01-2", "2000000000411", 2)

    for product, cell in ((first, made), (other, early)):
        home = SetHomeCell(product_id=product, warehouse_id=main, cell_id=cell.id)
        await station.send(home, actor=STOREKEEPER)
    with pytest.raises(Refused) as refused:
        await station.send(SetHomeCell(product_id=first, warehouse_id=far, cell_id=made.id))
    assert refused.value.code == "cell_not_found"

    await together(shop.running, job(shop.receipt((first, 5, 1), (other, 5, 1))))
    seen = await station.ask(GetStock(warehouse_id=main))
    assert {row.product_id: row.cell for row in seen.items} == {first: "B-01-2", other: "A-03-2"}
    order = new_id()
    asks = [an_ask(first, 1), an_ask(other, 2)]
    await together(shop.running, job(requested(order, *asks)))
    picks = await paged(station, order)
    assert [said(pick.product_id, pick.cell, pick.quantity) for pick in picks] == [
        (other, "A-03-2", 2),
        (first, "B-01-2", 1),
    ]
    # Nobody is asked of an order whose list goes on, though the rest has been fetched meanwhile.
    begun = await station.ask(PickList(order_id=order, limit=1))
    await together(shop.running, job(completed(order, 1, *asks)))
    assert (await station.ask(PickList(order_id=order, cursor=begun.next))).items == ()

    await station.send(SetHomeCell(product_id=first, warehouse_id=main, cell_id=None))
    homes = (await station.ask(ListHomeCells(warehouse_id=main))).items
    assert [(home.product_id, home.cell) for home in homes] == [(other, "A-03-2")]
    assert (await station.stock(first, main)).cell is None


async def paged(station: Station, order_id: UUID) -> list[PickView]:
    found: list[PickView] = []
    cursor = None
    while True:
        page = await station.ask(PickList(order_id=order_id, limit=1, cursor=cursor))
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


# --- the past ------------------------------------------------------------------------------------


async def test_stock_at_an_instant_has_reservations_and_value_of_then(station: Station) -> None:
    shop = await Shop(station).open(products=1)
    (product,) = shop.products
    await station.send(ChangeWarehouse(warehouse_id=shop.warehouses[0], may_be_negative=True))
    order, ask = new_id(), an_ask(product, 3)
    steps: list[Event | Command[Any]] = [
        shop.receipt((product, 2, "60")),
        requested(order, ask),
        completed(order, 1, ask),
        shop.receipt((product, 4, "70")),
        reopened(order, 1),
    ]
    seen = [(datetime.now(UTC), said(0, 0, 0))]
    for step in steps:
        await together(shop.running, job(step))
        now = await station.stock(product, shop.warehouses[0])
        seen.append((datetime.now(UTC), said(now.on_hand, now.reserved, now.value)))
    for at, figures in seen:
        page = await station.ask(GetStock(warehouse_id=shop.warehouses[0], at=at))
        then = [said(row.on_hand, row.reserved, row.value) for row in page.items]
        assert then == ([figures] if any(figures) else [])
        report = await station.ask(StockBalances(at=at))
        assert [said(row.on_hand, row.reserved, row.value) for row in report.items] == then
    masked = await station.ask(GetStock(product_id=product), actor=ADVISOR)
    assert masked.items[0].value is None


async def test_the_past_is_found_by_an_index_among_many_movements(station: Station) -> None:
    """200,000 of one product in 23 days: the last hour's are found without the others."""
    shop = await Shop(station).open(products=1)
    (product,) = shop.products
    await together(shop.running, job(shop.receipt((product, 10, "60"))))
    async with shop.running.engine.begin() as connection:
        places = {"product": product, "warehouse": shop.warehouses[0]}
        await connection.execute(MANY_MOVEMENTS, places)
        await connection.execute(update(stock).values(since=text("now() - interval '30 days'")))
    at = datetime.now(UTC) - timedelta(hours=1)

    page = await station.ask(GetStock(product_id=product, at=at))

    since = [row.quantity for row in await rows_of(shop.running, movements) if row.at >= at]
    assert [row.on_hand for row in page.items] == [10 - sum(since)]
    assert len(since) < 400
    async with shop.running.engine.connect() as connection:
        asked = queries.get_stock(connection, GetStock(product_id=product, at=at), with_value=True)
        with explained(connection) as plans:
            await asked
        (plan,) = await plans()
    assert "movements_of_product" in plan
    assert "Seq Scan on movements" not in plan
    touched = max(int(rows) for rows in re.findall(r"actual rows=(\d+)", plan))
    assert touched < 500


MANY_MOVEMENTS = text(
    "INSERT INTO movements (id, at, kind, product_id, warehouse_id, quantity, value, actor)"
    " SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')"
    "  || substr(md5(n::text), 1, 20))::uuid, at, 'receipt', CAST(:product AS uuid),"
    "  CAST(:warehouse AS uuid), 1, 60, 'test'"
    " FROM (SELECT n, now() - n * interval '10 seconds' AS at"
    "  FROM generate_series(1, 200000) AS n) AS many"
)


@contextmanager
def explained(connection: AsyncConnection) -> Iterator[Callable[[], Awaitable[list[str]]]]:
    """How the database has answered what is asked on this connection meanwhile."""
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    async def plans() -> list[str]:
        return [
            "\n".join(
                (await connection.exec_driver_sql(f"{EXPLAIN} {statement}", values)).scalars()
            )
            for statement, values in list(asked)
        ]

    # Not the engine: the service folds its figures and publishes meanwhile.
    events.listen(connection.sync_connection, "before_cursor_execute", note)
    yield plans


EXPLAIN = "EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF, SUMMARY OFF)"


# --- whether the books agree ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
async def test_the_books_agree_after_any_history_of_the_running_service(
    station: Station, seed: int
) -> None:
    random = Random(seed)
    shop = await Shop(station).open(products=3, warehouses=2)
    orders = OrdersSide(shop.products, random)
    waiting: Told = []
    with capture_logs() as logs:
        for minute in range(120):
            if random.random() < 0.1:
                rules = ChangeWarehouse(
                    warehouse_id=random.choice(shop.warehouses),
                    costing=random.choice(("fifo", "average")),
                    may_be_negative=random.random() < 0.7,
                )
                await station.send(rules)
            if random.random() < 0.2:
                amount, cost = random.randint(1, 9_000), random.randint(0, 10_000)
                line = (
                    random.choice(shop.products),
                    Decimal(amount) / 1000,
                    Decimal(cost) / 100,
                )
                waiting.append((minute, shop.receipt(line, warehouse=random.randint(0, 1))))
            elif message := orders.next_message():
                waiting.append((minute, message))
            if random.random() < 0.3:
                waiting = await _tell(shop, waiting)
        for product in shop.products:
            for place in range(2):
                waiting.append((200, shop.receipt((product, 9_000, 1), warehouse=place)))
        while waiting:
            waiting = await _tell(shop, waiting)
    failures = [repr(each["error"]) for each in logs if each["event"] == "batch_failed"]
    assert [error for error in failures if "TooEarly" not in error] == []
    assert await differences(station) == ()


async def _tell(shop: Shop, waiting: Told) -> Told:
    """All at once; what comes too early comes again."""
    ends = await together(shop.running, *(job(each, at=minutes(at)) for at, each in waiting))
    for end in ends:
        assert end is None or not isinstance(end, BaseException) or "TooEarly" in repr(end), end
    return [each for each, end in zip(waiting, ends, strict=True) if isinstance(end, BaseException)]


async def test_every_kind_of_difference_is_told_page_by_page(station: Station) -> None:
    shop = await Shop(station).open(products=1)
    (product,) = shop.products
    await together(shop.running, job(shop.receipt((product, 5, 10))))
    order, done = new_id(), new_id()
    ask, taken = an_ask(product, 2), an_ask(product, 1)
    await together(shop.running, job(requested(order, ask)), job(requested(done, taken)))
    await together(shop.running, job(completed(done, 1, taken)))
    assert await differences(station) == ()
    async with shop.running.engine.begin() as connection:
        await connection.execute(update(stock).values(on_hand=6, value=1, missing=1, reserved=3))
        await connection.execute(update(requests).values(short=1, issued=7))
        await connection.execute(update(allocations).values(reserved=1))
        await connection.execute(text("UPDATE completions SET state = 'returned'"))
    found: list[Difference] = []
    cursor = None
    while True:
        page: Page[Difference] = await station.ask(CheckStock(limit=3, cursor=cursor))
        found += page.items
        cursor = page.next
        if cursor is None:
            break
    assert found == sorted(found, key=lambda each: (each.what, str(each.line_id)))
    assert {each.what for each in found} == RULES
    by_kind = {each.what: each for each in found}
    assert said(
        *map(Decimal, (by_kind["on_hand_by_lots"].expected, by_kind["on_hand_by_lots"].actual))
    ) == (4, 6)
    assert by_kind["returned_of_order"].order_id == done
    with pytest.raises(Refused) as refused:
        await station.ask(CheckStock(), actor=ADVISOR)
    assert refused.value.code == "forbidden"
