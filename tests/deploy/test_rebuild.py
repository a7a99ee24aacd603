"""The sums of reports reckoned anew while the station works, and the long command found again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import asyncpg

from shared.contracts.base import Period
from shared.contracts.finance_reports import CheckReports, ProfitLoss
from shared.contracts.order_reports import CheckOrderReports
from shared.contracts.orders import OrdersBySection
from shared.contracts.stock_reports import CheckStockReports, StockTurnover
from tests.deploy.operating import all_is_summed, pitlane_on
from tests.support.broker import TestNats
from tests.support.databases import as_owner
from tests.support.day import BUSINESS, Station, running_station

REPORTS = (
    StockTurnover(period=Period()),
    OrdersBySection(period=Period()),
    ProfitLoss(period=Period()),
)
CLOCKED = {"average_quantity": Decimal(0), "turnover_days": None}
"""Averages reach until now, and change with it."""


async def figures(station: Station) -> list[Any]:
    answers: list[Any] = [await station.ask(report) for report in REPORTS]
    turnover, *others = answers
    rows = tuple(row.model_copy(update=CLOCKED) for row in turnover.items)
    return [turnover.model_copy(update={"items": rows}), *others]


async def without_fault(station: Station) -> None:
    for check in (CheckReports(), CheckStockReports(), CheckOrderReports()):
        assert (await station.ask(check)).items == ()


async def jobs_of(station: Station) -> list[Any]:
    owner = await asyncpg.connect(as_owner(station.database_urls["gateway"]))
    found = await owner.fetch("SELECT * FROM jobs ORDER BY id")
    await owner.close()
    return list(found)


async def test_sums_are_reckoned_anew_under_a_working_station(
    nats_server: TestNats, database: Callable[[str], str]
) -> None:
    async with running_station(nats_server, database, *BUSINESS) as station:
        station.database_urls["gateway"] = database("gateway")
        product, warehouse = await station.a_product(), await station.a_warehouse()
        for _ in range(5):
            await station.receive(warehouse.id, product.id, "3", cost="20")
            await station.an_order()
        await station.settle_down()
        await all_is_summed(station)
        before = await figures(station)
        owner = await asyncpg.connect(as_owner(station.database_urls["inventory"]))
        await owner.execute("UPDATE stock_sums SET quantity = quantity + 1")
        await owner.close()
        assert await figures(station) != before

        done = await pitlane_on(station, "reports", "rebuild", "--yes")

        assert done.exit_code == 0, done
        # Of each grain, and when the product last moved.
        assert "sums of inventory: 5 reckoned anew" in done.stdout
        assert await figures(station) == before
        await without_fault(station)

        # Once more, while things come in.
        ended = asyncio.Event()
        received = 0

        async def work() -> None:
            nonlocal received
            while not ended.is_set():
                await station.receive(warehouse.id, product.id, "1", cost="20")
                await station.an_order()
                received += 1

        working = asyncio.create_task(work())
        for _ in range(2):
            done = await pitlane_on(station, "reports", "rebuild", "--yes")
            assert done.exit_code == 0, done
        ended.set()
        await working
        assert received
        await station.settle_down()
        turnover, by_section, _ = await figures(station)
        (row,) = turnover.items
        assert row.in_quantity == Decimal(15 + received)
        assert row.in_value == Decimal(20) * (15 + received)
        assert sum(each.created for each in by_section.items) == 5 + received
        await without_fault(station)

        found = await jobs_of(station)
        assert [(job["kind"], job["state"], job["title"]) for job in found] == [
            ("reports_rebuild", "done", "finance, inventory, orders")
        ] * 3
        assert "sums of orders" in found[0]["note"]
        assert {job["lease_id"] for job in found} == {None}
