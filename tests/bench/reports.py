"""``python -m tests.bench.reports [--orders 100000]``: every report of a year, against its floor.

The floor is one row found by its key, through the same driver and on the same server. Nothing is
timed but the answer itself: what the service does with a question, without the broker, a page as
long as the report's own. Then how far reports are behind while orders come and are folded: from
the commit of what they have to tell until whoever asks, again and again, has been told.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import md5
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from rich.console import Console
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.finance.store.sums import fold as fold_finance
from services.inventory.store.sums import fold as fold_inventory
from services.orders.store.sums import fold as fold_orders
from shared.contracts.base import Period, Question
from shared.contracts.finance import IncomeExpenses, OrderProfits
from shared.contracts.finance_reports import AbcAnalysis, CashFlow, Margin, ProfitLoss
from shared.contracts.inventory import StockBalances
from shared.contracts.orders import EmployeeWorkload, OrdersBySection
from shared.contracts.stock_reports import DeadStock, StockShortages, StockTurnover
from shared.database import engine_for
from shared.handlers import Work
from shared.messaging.client import ServiceClient
from shared.messaging.commits import Commits
from shared.messaging.envelope import Actor, opening
from shared.messaging.folding import AT_ONCE, Fold, keeping_sums
from shared.refusals import Refused
from shared.service import service_named
from shared.settings import ServiceSettings
from tests.bench import report_rows, table
from tests.bench.percentiles import percentile
from tests.bench.table import Row
from tests.support.cluster import shared_cluster
from tests.support.databases import Databases, as_owner

ZONE = ServiceSettings(service="finance", database_url="").zone
YEAR = Period(start=datetime(2025, 1, 1, tzinfo=ZONE), end=datetime(2026, 1, 1, tzinfo=ZONE))
UNEVEN = Period(
    start=report_rows.START + timedelta(days=10, hours=5),
    end=report_rows.START + timedelta(days=340, hours=9),
)
OWNER = Actor("bench", "owner")
EVER = Period(start=YEAR.start, end=datetime(2027, 1, 1, tzinfo=ZONE))
MID_YEAR = Period(end=datetime(2025, 7, 1, 12, tzinfo=ZONE))
FROM_MARCH = Period(start=datetime(2025, 3, 1, tzinfo=ZONE), end=datetime(2026, 3, 1, tzinfo=ZONE))
PAGE = 100
"""Rows, as the page of a report asks for them."""
ANSWER_MS, BEHIND_S = 50.0, 1.0
RATE, TOGETHER, BATCHES = 100, 10, 100
"""Orders in a second, in a transaction; transactions."""

type Sees = Callable[[int], tuple[Question[Any], Callable[[Sequence[Any]], bool]]]
"""What to ask, and whether its rows have the order of a number and all that came before it."""


class Alone(ServiceClient):
    """Names are others' to tell, and not what is measured."""

    def __init__(self) -> None: ...

    async def ask(self, question: Any, **_: Any) -> Any:
        raise Refused("service_unavailable", service="others")


@dataclass(frozen=True, slots=True)
class Part:
    """A service's rows, how they are folded, and what it is asked."""

    service: str
    things: Sequence[str]
    rows: Sequence[str]
    fold: Fold
    floor: str
    sees: Sees
    questions: dict[str, Question[Any]]


def _sold(number: int) -> tuple[Question[Any], Callable[[Sequence[Any]], bool]]:
    question = Margin(by="section", period=EVER, limit=PAGE)
    return question, lambda rows: sum(row.orders for row in rows) > number


def _moved(number: int) -> tuple[Question[Any], Callable[[Sequence[Any]], bool]]:
    name = f"product{number * report_rows.STEP % report_rows.PRODUCTS}"
    product_id = UUID(md5(name.encode(), usedforsecurity=False).hexdigest())
    question = StockTurnover(product_id=product_id, period=EVER, limit=PAGE)
    # Every so many orders take of the same product, and each was preceded by a receipt of two.
    received = 2 * (number // report_rows.PRODUCTS + 1)
    return question, lambda rows: sum(row.in_quantity for row in rows) >= received


def _created(number: int) -> tuple[Question[Any], Callable[[Sequence[Any]], bool]]:
    question = OrdersBySection(period=EVER, limit=PAGE)
    return question, lambda rows: sum(row.created for row in rows) > number


PARTS = (
    Part(
        "finance",
        report_rows.ACCOUNTS,
        report_rows.FINANCE,
        fold_finance,
        "SELECT * FROM settlements WHERE order_id = md5('order5')::uuid",
        _sold,
        {
            "income and expenses": IncomeExpenses(period=YEAR),
            "order profit, a page": OrderProfits(period=YEAR),
            **{
                f"margin by {by}": Margin(by=by, period=YEAR)
                for by in ("order", "service", "technician", "section", "client", "product")
            },
            "margin by service, borders within days": Margin(by="service", period=UNEVEN),
            "margin by client, twelve months from March": Margin(by="client", period=FROM_MARCH),
            "profit and loss by month": ProfitLoss(period=YEAR),
            "profit and loss by day": ProfitLoss(by="day", period=YEAR),
            "cash flow": CashFlow(period=YEAR),
            "ABC and XYZ": AbcAnalysis(period=YEAR),
        },
    ),
    Part(
        "inventory",
        report_rows.GOODS,
        report_rows.INVENTORY,
        fold_inventory,
        "SELECT * FROM products WHERE id = md5('product5')::uuid",
        _moved,
        {
            "stock balances in mid-year": StockBalances(period=MID_YEAR),
            "stock turnover, a page": StockTurnover(period=YEAR),
            "dead stock": DeadStock(days=30),
            "shortages": StockShortages(),
        },
    ),
    Part(
        "orders",
        report_rows.PLACES,
        report_rows.ORDERS,
        fold_orders,
        "SELECT * FROM orders WHERE id = md5('order5')::uuid",
        _created,
        {
            "orders by section": OrdersBySection(period=YEAR),
            "employee workload": EmployeeWorkload(period=YEAR),
        },
    ),
)


async def measure(part: Part, url: str, orders: int, times: int, console: Console) -> list[Row]:
    await _fill(part, url, orders, console)
    engine = engine_for(url)
    settings = ServiceSettings(service=part.service, database_url=url)
    await _fold_all(part, engine, settings, console)
    owner = await asyncpg.connect(as_owner(url))
    await owner.execute("VACUUM ANALYZE")
    await owner.close()
    floor = await _timed([partial(_select, engine, part.floor)] * times)
    rows = [Row(f"{part.service}: a row by its key", percentile(floor, 50) * 1000, "ms")]
    for name, question in part.questions.items():
        asked = question.model_copy(update={"limit": PAGE} if hasattr(question, "limit") else {})
        found = await _timed([partial(_answer, part, engine, settings, asked)] * times)
        p50, p99 = (percentile(found, percent) * 1000 for percent in (50, 99))
        beside = percentile(floor, 50) * 1000
        rows.append(Row(name, p50, "ms", beside, "floor", f"p99 {p99:.0f} ms"))
        rows.append(Row(f"{name}, p99", p99, "ms", ANSWER_MS, "goal ≤"))
    behind = await _behind(part, url, orders, engine, settings)
    await engine.dispose()
    what = f"{part.service}: what reports tell behind the orders, p99"
    note = f"{RATE} orders/s, p50 {percentile(behind, 50):.2f} s"
    return [*rows, Row(what, percentile(behind, 99), "s", BEHIND_S, "goal ≤", note)]


async def _fill(part: Part, url: str, orders: int, console: Console) -> None:
    began = time.perf_counter()
    owner = await asyncpg.connect(as_owner(url))
    await _add(owner, part.things, orders, 0, orders)
    await _add(owner, part.rows, orders, 0, orders)
    await owner.execute("ANALYZE")
    await owner.close()
    console.print(f"  {part.service}: filled in {time.perf_counter() - began:.0f} s")


async def _add(
    owner: asyncpg.Connection, statements: Sequence[str], orders: int, first: int, last: int
) -> None:
    numbers = {"orders": orders, "first": first, "last": last}
    async with owner.transaction():
        for statement in statements:
            await owner.execute(statement.format(**numbers))


async def _behind(
    part: Part, url: str, orders: int, engine: AsyncEngine, settings: ServiceSettings
) -> list[float]:
    """Seconds from the commit of each batch of orders until somebody who asks sees all of it, while
    the service's own task folds them."""
    commits = Commits()
    running: Any = SimpleNamespace(
        engine=engine, settings=settings, lane=SimpleNamespace(commits=commits)
    )
    keeping = asyncio.create_task(keeping_sums(part.fold)(running))
    writer = await asyncpg.connect(as_owner(url))
    committed: asyncio.Queue[tuple[int, float]] = asyncio.Queue()

    async def write() -> None:
        began = time.perf_counter()
        for batch in range(BATCHES):
            first = orders + batch * TOGETHER
            await _add(writer, part.rows, orders, first, first + TOGETHER)
            commits.tell()
            committed.put_nowait((first + TOGETHER - 1, time.perf_counter()))
            due = began + (batch + 1) * TOGETHER / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))

    found = []
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write())
        for _ in range(BATCHES):
            number, since = await committed.get()
            question, has_it = part.sees(number)
            while not has_it((await _answer(part, engine, settings, question)).items):
                pass
            found.append(time.perf_counter() - since)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await writer.close()
    return found


async def _fold_all(
    part: Part, engine: AsyncEngine, settings: ServiceSettings, console: Console
) -> None:
    began, folded = time.perf_counter(), 0
    while True:
        async with engine.begin() as connection:
            some = await part.fold(connection, settings.zone, AT_ONCE)
        folded += some
        if some < AT_ONCE:
            break
    took = time.perf_counter() - began
    console.print(f"  {part.service}: {folded} rows folded in {took:.0f} s")


async def _timed(steps: Sequence[Any]) -> list[float]:
    await steps[0]()  # plans and caches are warm
    found = []
    for step in steps:
        began = time.perf_counter()
        await step()
        found.append(time.perf_counter() - began)
    return found


async def _select(engine: AsyncEngine, statement: str) -> None:
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        (await connection.execute(text(statement))).all()


async def _answer(
    part: Part, engine: AsyncEngine, settings: ServiceSettings, question: Question[Any]
) -> Any:
    handlers = service_named(part.service).handlers
    subject = type(question).subject
    envelope = opening("/station-1/gateway", subject, OWNER)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        work = Work(envelope, datetime.now(UTC), settings, Alone())
        store = handlers.store(connection)
        return await handlers.questions[subject].handler(question, store, work)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.reports", description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    console = Console(highlight=False)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with (
        tempfile.TemporaryDirectory(prefix="pitlane-bench-") as name,
        shared_cluster(Path(name)) as superuser_url,
    ):
        databases = Databases(superuser_url, Path(name), "bench")
        rows: list[Row] = []
        for part in PARTS:
            url = databases.create(part.service)
            rows += asyncio.run(measure(part, url, options.orders, options.times, console))
            databases.drop(url)
        databases.close()
    table.show(rows, console)


if __name__ == "__main__":
    main()
