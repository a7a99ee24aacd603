"""Two running services on one database, and everybody wants the same parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from services.inventory.app import service
from services.inventory.handlers.receipts import receive_stock
from services.inventory.store import InventoryStore
from services.inventory.store.tables import allocations, movements, requests, stock
from shared.contracts.inventory import PartsReserved, PartsUnavailable
from shared.handlers import Work
from shared.ids import new_id
from shared.messaging.jobs import Job
from shared.service import Running
from tests.inventory.at_work import job, published, rows_of, together
from tests.inventory.builders import an_ask, cancelled, completed, released, requested
from tests.inventory.test_batches import Shop
from tests.support.day import Station
from tests.support.waiting import eventually


@pytest.fixture
async def second(station: Station) -> AsyncIterator[Running]:
    """Another process's worth of the same service: own connections, same database and durable."""
    async with service.running(station.settings("inventory")) as running:
        yield running


async def test_thirty_two_requests_for_the_last_ten_reserve_exactly_ten(
    station: Station, second: Running
) -> None:
    shop = await Shop(station).open(products=1)
    await together(shop.running, job(shop.receipt((shop.products[0], 10, 1))))
    wishes = [job(requested(new_id(), an_ask(shop.products[0], 1))) for _ in range(32)]

    ends = await _split(shop.running, second, wishes)

    assert ends == [b""] * 32
    assert len(await published(shop.running, PartsReserved)) == 10
    short = await published(shop.running, PartsUnavailable)
    assert [line.short for event in short for line in event.lines] == [1] * 22
    (row,) = await rows_of(shop.running, stock)
    assert (row.on_hand, row.reserved) == (10, 10)
    assert sum(row.reserved for row in await rows_of(shop.running, allocations)) == 10


async def test_requests_race_over_the_broker_too(station: Station, second: Running) -> None:
    shop = await Shop(station).open(products=1)
    await together(shop.running, job(shop.receipt((shop.products[0], 10, 1))))

    await asyncio.gather(
        *(
            station.publish(requested(new_id(), an_ask(shop.products[0], 1)), "orders")
            for _ in range(32)
        )
    )
    await station.settle_down()

    assert len(await published(shop.running, PartsReserved)) == 10
    assert len(await published(shop.running, PartsUnavailable)) == 22
    assert await shop.running.dead_letters.count() == 0


async def test_goods_that_come_during_the_race_leave_nobody_short_of_what_is_there(
    station: Station, second: Running
) -> None:
    """Also into a warehouse that had none, whose stock row nobody could lock."""
    shop = await Shop(station).open(products=1, warehouses=3)
    (product,) = shop.products
    for round_ in range(3):
        wishes = [job(requested(new_id(), an_ask(product, 2))) for _ in range(6)]
        goods = [job(shop.receipt((product, 5, 1), warehouse=(round_ + n) % 3)) for n in range(2)]
        await asyncio.gather(
            together(shop.running, *wishes[:3], goods[0]), together(second, goods[1], *wishes[3:])
        )
        rows = await rows_of(shop.running, stock)
        available = sum(row.on_hand - row.reserved for row in rows)
        short = sum(row.short for row in await rows_of(shop.running, requests))
        assert min(available, short) == 0
        assert sum(row.reserved for row in rows) == 12 * (round_ + 1) - short


async def test_both_services_go_over_the_same_products_in_any_order_without_a_deadlock(
    station: Station, second: Running
) -> None:
    random = Random(7)
    shop = await Shop(station).open(products=6)
    await together(shop.running, job(shop.receipt(*((p, 40, 1) for p in shop.products))))
    orders = [
        (new_id(), [an_ask(product, random.randint(1, 3)) for product in _some(shop, random)])
        for _ in range(40)
    ]
    await _split(shop.running, second, [job(requested(o, *asks)) for o, asks in orders])
    rounds = [
        *(completed(o, 1, *asks) for o, asks in orders[:10]),
        *(cancelled(o) for o, _ in orders[10:20]),
        *(released(o, *(replace(a, version=2) for a in asks)) for o, asks in orders[20:30]),
    ]
    random.shuffle(rounds)
    ends = await _split(shop.running, second, list(map(job, rounds)))

    assert [end for end in ends if not isinstance(end, bytes)] == []
    held = sum(row.reserved for row in await rows_of(shop.running, allocations))
    assert held == sum(ask.wanted for _, asks in orders[30:] for ask in asks)
    history = await rows_of(shop.running, movements)
    for row in await rows_of(shop.running, stock):
        moves = [move for move in history if move.product_id == row.product_id]
        on_hand = sum(m.quantity for m in moves if m.kind in ("receipt", "issue"))
        reserved = sum(m.quantity for m in moves if m.kind in ("reserve", "release", "issue"))
        assert (row.on_hand, row.reserved) == (on_hand, reserved)
        assert row.value == row.on_hand * Decimal(1)


async def test_both_services_hear_of_the_same_orders_without_a_deadlock(
    station: Station, second: Running
) -> None:
    shop = await Shop(station).open(products=8)
    await together(shop.running, job(shop.receipt(*((p, 90, 1) for p in shop.products))))
    orders = [(new_id(), [an_ask(p, 1) for p in shop.products]) for _ in range(20)]
    await together(shop.running, *(job(requested(o, *asks)) for o, asks in orders))
    halves = [
        [job(released(o, *(replace(ask, version=2) for ask in asks[n::2]))) for o, asks in orders]
        for n in (0, 1)
    ]
    with capture_logs() as logs:
        first_ends, second_ends = await asyncio.gather(
            together(shop.running, *halves[0]), together(second, *halves[1][::-1])
        )

    assert first_ends == second_ends == [b""] * 20
    assert [entry for entry in logs if entry["event"] == "batch_failed"] == []
    assert {(row.on_hand, row.reserved) for row in await rows_of(shop.running, stock)} == {(90, 0)}


async def test_a_request_waits_for_the_first_goods_of_a_warehouse_that_are_being_received(
    station: Station, second: Running
) -> None:
    """There is no stock row yet that could be locked: whoever looks at the product waits."""
    shop = await Shop(station).open(products=1)
    (product,) = shop.products
    receiving, ask = shop.receipt((product, 5, 1)), an_ask(product, 2)
    async with shop.running.engine.begin() as connection:
        store = InventoryStore(connection)
        await store.prefetch([receiving])
        request = asyncio.create_task(together(second, job(requested(new_id(), ask))))
        await eventually(lambda: _somebody_waits(shop.running))
        work = Work(
            job(receiving).envelope, datetime.now(UTC), shop.running.settings, shop.running.client
        )
        await receive_stock(receiving, store, work)
        await store.write()

    assert await request == [b""]
    (line,) = await rows_of(shop.running, requests)
    assert (line.wanted, line.short) == (2, 0)


async def _somebody_waits(running: Running) -> bool:
    async with running.engine.connect() as connection:
        waiting = await connection.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )
    return bool(waiting)


async def test_an_order_that_is_cancelled_while_its_request_is_handled_keeps_nothing(
    station: Station, second: Running
) -> None:
    shop = await Shop(station).open(products=1)
    await together(shop.running, job(shop.receipt((shop.products[0], 100, 1))))
    for round_ in range(12):
        order_id = new_id()
        rivals = [job(requested(order_id, an_ask(shop.products[0], 1))), job(cancelled(order_id))]
        await _split(shop.running, second, rivals if round_ % 2 else rivals[::-1])
    (row,) = await rows_of(shop.running, stock)
    assert (row.on_hand, row.reserved) == (100, 0)
    assert await rows_of(shop.running, allocations) == []


def _some(shop: Shop, random: Random) -> list[UUID]:
    return random.sample(shop.products, 4)


async def _split(
    first: Running, second: Running, jobs: Sequence[Job]
) -> list[bytes | BaseException]:
    """Half of them to each of the two, at once."""
    ends = await asyncio.gather(together(first, *jobs[::2]), together(second, *jobs[1::2]))
    return [end for half in ends for end in half]
