"""Many messages in one transaction: as cheap as one, and with the same outcome as one by one."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import asdict
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from services.inventory.domain.pages import Rules
from services.inventory.store.tables import (
    allocations,
    cancelled_orders,
    completions,
    consumptions,
    lots,
    movements,
    requests,
    shortages,
    stock,
)
from shared.contracts.base import Command, Event
from shared.contracts.inventory import (
    ChangeWarehouse,
    PartsIssued,
    PartsReserved,
    ReceiptLine,
    ReceiveStock,
)
from shared.ids import new_id
from shared.messaging.jobs import Job
from shared.service import Running
from tests.inventory.at_work import ADMIN, counted, job, published, rows_of, together
from tests.inventory.builders import (
    an_ask,
    cancelled,
    completed,
    minutes,
    quantity,
    released,
    reopened,
    requested,
)
from tests.inventory.history import OrdersSide, WholeBook
from tests.support.day import Station


class Shop:
    """A running inventory with products, a warehouse or two and a supplier."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.running: Running = station.running["inventory"]
        self.products: list[UUID] = []
        self.warehouses: list[UUID] = []
        self.supplier = new_id()

    async def open(self, products: int, warehouses: int = 1) -> Shop:
        made = await asyncio.gather(*(self.station.a_product() for _ in range(products)))
        self.products = [product.id for product in made]
        self.warehouses = sorted([(await self.station.a_warehouse()).id for _ in range(warehouses)])
        self.supplier = (await self.station.a_supplier()).id
        return self

    def receipt(self, *lines: tuple[UUID, Any, Any], warehouse: int = 0) -> ReceiveStock:
        return ReceiveStock(
            warehouse_id=self.warehouses[warehouse],
            supplier_id=self.supplier,
            lines=tuple(
                ReceiptLine(product_id=product_id, quantity=Decimal(amount), cost=Decimal(cost))
                for product_id, amount, cost in lines
            ),
        )


async def statements_for(shop: Shop, *messages: Event | Command[Any]) -> list[str]:
    with counted(shop.running) as statements:
        ends = await together(shop.running, *map(job, messages))
    assert not [end for end in ends if isinstance(end, BaseException)]
    assert statements.made
    return statements.made


async def test_fifty_requests_for_fifty_products_cost_as_many_statements_as_one(
    station: Station,
) -> None:
    shop = await Shop(station).open(products=51)
    await together(shop.running, job(shop.receipt(*((p, 9, 1) for p in shop.products))))

    one = await statements_for(shop, requested(new_id(), an_ask(shop.products[0], 3)))
    fifty = await statements_for(
        shop, *(requested(new_id(), an_ask(product, 3)) for product in shop.products[1:])
    )

    assert fifty == one
    assert len(one) <= 12, one
    assert len(await published(shop.running, PartsReserved)) == 51


async def test_no_kind_of_message_costs_more_statements_in_a_crowd(station: Station) -> None:
    shop = await Shop(station).open(products=51)
    await together(shop.running, job(shop.receipt(*((p, 2, 1) for p in shop.products))))
    kept = [(new_id(), an_ask(product, 2)) for product in shop.products]
    gone = [(new_id(), an_ask(product, 5)) for product in shop.products]
    rounds: list[list[Event]] = [
        [requested(order_id, ask) for order_id, ask in kept],
        [requested(order_id, ask) for order_id, ask in gone],
        # Lowering frees a piece of each product for somebody who waits.
        [requested(o, an_ask(a.product_id, 1, line_id=a.line_id, version=2)) for o, a in kept],
        [completed(o, 1, an_ask(a.product_id, 1, line_id=a.line_id)) for o, a in kept],
        [reopened(order_id, 1) for order_id, _ in kept],
        [released(o, an_ask(a.product_id, 0, line_id=a.line_id, version=3)) for o, a in kept],
        [cancelled(order_id) for order_id, _ in gone],
    ]
    for messages in rounds:
        one = await statements_for(shop, messages[0])
        fifty = await statements_for(shop, *messages[1:])
        assert sorted(fifty) == sorted(one), type(messages[0]).__name__
    assert {(row.on_hand, row.reserved) for row in await rows_of(shop.running, stock)} == {(2, 0)}


async def test_a_line_may_be_new_raised_lowered_and_done_within_one_batch(
    station: Station,
) -> None:
    shop = await Shop(station).open(products=1)
    (product,) = shop.products
    await together(shop.running, job(shop.receipt((product, 5, 1))))
    order_id, ask = new_id(), an_ask(product, 4)
    waiting = an_ask(product, 3)
    with capture_logs() as logs:
        ends = await together(
            shop.running,
            job(requested(order_id, ask), at=minutes(1)),
            job(requested(new_id(), waiting), at=minutes(2)),
            job(requested(order_id, an_ask(product, 3, line_id=ask.line_id, version=2))),
            job(completed(order_id, 1, an_ask(product, 3, line_id=ask.line_id))),
            job(reopened(order_id, 1)),
            job(requested(order_id, an_ask(product, 1, line_id=ask.line_id, version=3))),
        )
    assert ends == [b""] * 6
    assert [entry for entry in logs if entry["event"] == "batch_failed"] == []
    held = {row.line_id: row.reserved for row in await rows_of(shop.running, allocations)}
    assert held == {ask.line_id: 1, waiting.line_id: 3}


async def test_what_moves_after_a_change_of_a_warehouses_rules_moves_by_them(
    station: Station,
) -> None:
    shop = await Shop(station).open(products=1, warehouses=2)
    (product,), (old, new) = shop.products, shop.warehouses
    by_average = ChangeWarehouse(warehouse_id=old, costing="average")
    below_zero = ChangeWarehouse(warehouse_id=new, may_be_negative=True)
    orders = [(new_id(), an_ask(product, 2)) for _ in range(2)]
    await together(shop.running, job(shop.receipt((product, 1, 100), (product, 2, 400))))
    await together(shop.running, *(job(requested(order_id, ask)) for order_id, ask in orders))

    with capture_logs() as logs:
        await together(
            shop.running,
            *(job(change, actor=ADMIN) for change in (by_average, below_zero)),
            *(job(completed(order_id, 1, ask)) for order_id, ask in orders),
        )

    assert [entry for entry in logs if entry["event"] == "batch_failed"] == []
    issued = await published(shop.running, PartsIssued)
    assert [each.cost for each in issued] == [Decimal(600), Decimal(700)]
    assert [row.warehouse_id for row in await rows_of(shop.running, shortages)] == [new]


@pytest.mark.parametrize("seed", range(4))
async def test_batches_come_to_the_same_books_as_one_message_after_the_other(
    station: Station, seed: int
) -> None:
    """The service, which loads a part of the books for each batch, against a whole book."""
    random = Random(seed)
    shop = await Shop(station).open(products=2, warehouses=2)
    whole = WholeBook(*shop.products)
    for warehouse_id in shop.warehouses:  # of the four histories, one has the plainest rules
        rules = Rules("average" if seed & 1 else "fifo", may_be_negative=bool(seed & 2))
        whole.rule(warehouse_id, rules)
        await station.send(ChangeWarehouse(warehouse_id=warehouse_id, **asdict(rules)))
    orders = OrdersSide(shop.products, random)
    history: list[tuple[int, Any]] = []
    for minute in range(160):
        if random.random() < 0.2:
            line = (
                random.choice(shop.products),
                Decimal(random.randint(1, 9_000)) / 1000,
                Decimal(random.randint(0, 10_000)) / 100,
            )
            history.append((minute, shop.receipt(line, warehouse=random.randint(0, 1))))
        elif message := orders.next_message():
            history.append((minute, message))
    history += [(160 + n, shop.receipt((p, 9_000, 1))) for n, p in enumerate(shop.products)]
    _disturb(history, random)

    with capture_logs() as logs:
        await _play(shop, whole, history, random)

    # A batch that loaded too little is done again message by message, which hides the mistake.
    failures = [repr(each["error"]) for each in logs if each["event"] == "batch_failed"]
    assert [error for error in failures if "TooEarly" not in error] == []
    await _check_same(shop, whole)


async def _play(
    shop: Shop, whole: WholeBook, waiting: list[tuple[int, Any]], random: Random
) -> None:
    """In batches of any size; what comes too early comes again at the end."""
    while waiting:
        batch, waiting = waiting[: random.randint(1, 30)], waiting
        waiting = waiting[len(batch) :]
        ends = await together(shop.running, *(_job(at, message) for at, message in batch))
        for (at, message), end in zip(batch, ends, strict=True):
            too_early = isinstance(end, BaseException)
            if too_early:
                assert "TooEarly" in repr(end), repr(end)
                waiting.append((at, message))
            assert _hear(whole, at, message) is not too_early


def _disturb(history: list[tuple[int, Any]], random: Random) -> None:
    """Some messages change places with later ones, some come twice."""
    for index in range(len(history) - 8):
        if random.random() < 0.25:
            other = index + random.randint(1, 7)
            history[index], history[other] = history[other], history[index]
    for at, message in random.sample(history, 15):
        if not isinstance(message, ReceiveStock):
            history.append((at, message))


def _job(at: int, message: Any) -> Job:
    return job(message, at=minutes(at))


def _hear(whole: WholeBook, at: int, message: Any) -> bool:
    if isinstance(message, ReceiveStock):
        (line,) = message.lines
        assert line.product_id
        whole.receive(
            line.product_id,
            message.warehouse_id,
            quantity(line.quantity),
            line.cost.quantize(Decimal("0.01")),
        )
        return True
    return whole.hear(message, at)


async def _check_same(shop: Shop, whole: WholeBook) -> None:
    book, running = whole.book, shop.running
    assert {
        (row.product_id, row.warehouse_id): (row.on_hand, row.reserved, row.value)
        for row in await rows_of(running, stock)
    } == {key: (s.on_hand, s.reserved, s.value) for key, s in book.stocks.items()}
    assert {
        row.line_id: (row.line_version, row.wanted, row.answer, row.issued, row.short)
        for row in await rows_of(running, requests)
    } == {
        line.line_id: (line.version, line.wanted, line.answer, line.issued, line.short)
        for line in book.lines.values()
    }
    assert {
        (row.line_id, row.warehouse_id): row.reserved for row in await rows_of(running, allocations)
    } == {
        (line.line_id, hold.warehouse_id): hold.quantity
        for line in book.lines.values()
        for hold in line.holds
    }
    assert {
        (row.order_id, row.completion): row.state for row in await rows_of(running, completions)
    } == dict(book.completions.items())
    assert {row.order_id for row in await rows_of(running, cancelled_orders)} == {
        order_id for order_id, _ in book.cancelled.items()
    }
    assert sorted((row.remaining, row.value) for row in await rows_of(running, lots)) == sorted(
        (lot.remaining, lot.value) for lot in book.lots.values()
    )
    assert sorted(
        (row.line_id, row.completion, row.missing, row.value)
        for row in await rows_of(running, shortages)
    ) == sorted(
        (each.line_id, each.completion, each.missing, each.value)
        for each in book.shortages.values()
    )
    assert sorted(
        (row.line_id, row.completion, row.quantity, row.cost, row.returned)
        for row in await rows_of(running, consumptions)
    ) == sorted(
        (each.line_id, each.completion, each.quantity, each.cost, each.returned)
        for each in book.consumptions.values()
    )
    assert _totals(await rows_of(running, movements)) == _totals(whole.kept.moves)


def _totals(moves: Any) -> dict[tuple[UUID | None, UUID, str], Decimal]:
    totals: defaultdict[tuple[UUID | None, UUID, str], Decimal] = defaultdict(Decimal)
    for move in moves:
        totals[move.line_id, move.warehouse_id, move.kind] += move.quantity
    return dict(totals)
