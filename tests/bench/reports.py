"""``python -m tests.bench.reports [--orders 100000] [--base FOLDER]``: every report of a year,
against its floor.

The floor is one row found by its key, through the same driver and on the same server. Nothing is
timed but the answer itself: what the service does with a question, without the broker, a page as
long as the report's own. Then how far reports are behind while orders come and are folded: from
the commit of what they have to tell until whoever asks, again and again, has been told.

``--base`` keeps what was filled in a folder, and measures what is kept there. Whoever ends it early
(SIGINT, SIGTERM) is shown what was measured until then.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import structlog
from rich.console import Console
from sqlalchemy import text

from deploy.progress import Progress
from shared.contracts.base import Question
from shared.database import engine_for
from shared.handlers import Work
from shared.messaging.client import ServiceClient
from shared.messaging.commits import Commits
from shared.messaging.envelope import Actor, opening
from shared.messaging.folding import AT_ONCE, keeping_sums
from shared.refusals import Refused
from shared.service import service_named
from shared.settings import ServiceSettings
from tests.bench import table
from tests.bench.percentiles import percentile
from tests.bench.report_base import Base, add, base
from tests.bench.report_questions import PAGE, PARTS, Part
from tests.bench.table import Row
from tests.support.databases import as_owner

OWNER = Actor("bench", "owner")
ANSWER_MS, BEHIND_S = 50.0, 1.0
RATE, TOGETHER, BATCHES = 100, 10, 100
"""Orders in a second, in a transaction; transactions."""
SAY_EVERY_S = 10.0
TOLD_S = 60.0
"""Until nobody is told any more."""


class Alone(ServiceClient):
    """Names are others' to tell, and not what is measured."""

    def __init__(self) -> None: ...

    async def ask(self, question: Any, **_: Any) -> Any:
        raise Refused("service_unavailable", service="others")


class Lines:
    """Progress of one of several at once, also where there is no terminal."""

    def __init__(self, console: Console, service: str) -> None:
        self._console = console
        self._service = service
        self._what = ""
        self._total: int | None = None
        self._began = self._said = 0.0

    def begin(self, what: str, total: int | None) -> None:
        self._what, self._total = what, total
        self._began = self._said = time.monotonic()
        self._say("…")

    def advance(self, done: int) -> None:
        if time.monotonic() - self._said >= SAY_EVERY_S:
            self._said = time.monotonic()
            self._say(f"{done:,} of {self._total:,}")

    def end(self, note: str) -> None:
        self._say(f"{note}, {time.monotonic() - self._began:.0f} s")

    def _say(self, words: str) -> None:
        self._console.print(f"  {datetime.now():%H:%M:%S} {self._service}: {self._what}: {words}")


class Measured:
    """One service on its database; ``rows`` are added to as soon as they are known."""

    def __init__(self, part: Part, url: str, orders: int, rows: list[Row]) -> None:
        self._part = part
        self._service = part.books.service
        self._url = url
        self._orders = orders
        self._rows = rows
        self._settings = ServiceSettings(service=self._service, database_url=url)
        self._engine = engine_for(url)

    async def all(self, times: int, progress: Progress) -> None:
        try:
            await self._fold_all(progress)
            await self._answers(times, progress)
            progress.begin("how far reports are behind", None)
            behind = await self._behind()
        finally:
            await self._engine.dispose()
        progress.end("told")
        what = f"{self._service}: what reports tell behind the orders, p99"
        note = f"{RATE} orders/s, p50 {percentile(behind, 50):.2f} s"
        self._rows.append(Row(what, percentile(behind, 99), "s", BEHIND_S, "goal ≤", note))

    async def _fold_all(self, progress: Progress) -> None:
        progress.begin("the rest", None)
        began, folded = time.perf_counter(), 0
        while True:
            async with self._engine.begin() as connection:
                some = await self._part.books.fold(connection, self._settings.zone, AT_ONCE)
            folded += some
            if some < AT_ONCE:
                break
        progress.end(f"{folded:,} rows folded")
        if folded:
            rate = folded / (time.perf_counter() - began)
            self._rows.append(Row(f"{self._service}: rows folded", rate, "/s"))
        owner = await asyncpg.connect(as_owner(self._url))
        await owner.execute("VACUUM ANALYZE")
        await owner.close()

    async def _answers(self, times: int, progress: Progress) -> None:
        part = self._part
        progress.begin("questions", len(part.questions) + len(part.beside))
        floor = percentile(await _timed([partial(self._select, part.floor)] * times), 50) * 1000
        self._rows.append(Row(f"{self._service}: a row by its key", floor, "ms"))
        for number, (name, question) in enumerate((part.questions | part.beside).items()):
            asked = {"limit": PAGE} if hasattr(question, "limit") else {}
            question = question.model_copy(update=asked)
            found = await _timed([partial(self._answer, question)] * times)
            p50, p99 = (percentile(found, percent) * 1000 for percent in (50, 99))
            self._rows.append(Row(name, p50, "ms", floor, "floor", f"p99 {p99:.0f} ms"))
            if name in part.questions:
                self._rows.append(Row(f"{name}, p99", p99, "ms", ANSWER_MS, "goal ≤"))
            progress.advance(number + 1)
        progress.end(f"{times} times each")

    async def _behind(self) -> list[float]:
        """Seconds from the commit of each batch of orders until somebody who asks sees all of it,
        while the service's own task folds them."""
        commits = Commits()
        running: Any = SimpleNamespace(
            engine=self._engine, settings=self._settings, lane=SimpleNamespace(commits=commits)
        )
        keeping = asyncio.create_task(keeping_sums(self._part.books.fold)(running))
        writer = await asyncpg.connect(as_owner(self._url))
        # A base that was measured before has more than it was filled with.
        there = await writer.fetchval(self._part.counted)
        committed: asyncio.Queue[tuple[int, float]] = asyncio.Queue()
        rows = (*self._part.books.rows.of_orders, *self._part.books.rows.news)

        async def write() -> None:
            began = time.perf_counter()
            for batch in range(BATCHES):
                first = there + batch * TOGETHER
                await add(writer, rows, self._orders, first, first + TOGETHER)
                commits.tell()
                committed.put_nowait((first + TOGETHER - 1, time.perf_counter()))
                due = began + (batch + 1) * TOGETHER / RATE
                await asyncio.sleep(max(0.0, due - time.perf_counter()))

        found = []
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(write())
                for _ in range(BATCHES):
                    number, since = await committed.get()
                    question, has_it = self._part.sees(number)
                    async with asyncio.timeout(TOLD_S):
                        while not has_it((await self._answer(question)).items):
                            pass
                    found.append(time.perf_counter() - since)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await writer.close()
        return found

    async def _select(self, statement: str) -> None:
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            (await connection.execute(text(statement))).all()

    async def _answer(self, question: Question[Any]) -> Any:
        handlers = service_named(self._service).handlers
        subject = type(question).subject
        envelope = opening("/station-1/gateway", subject, OWNER)
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            work = Work(envelope, datetime.now(UTC), self._settings, Alone())
            store = handlers.store(connection)
            return await handlers.questions[subject].handler(question, store, work)


async def _timed(steps: Sequence[Any]) -> list[float]:
    await steps[0]()  # plans and caches are warm
    found = []
    for step in steps:
        began = time.perf_counter()
        await step()
        found.append(time.perf_counter() - began)
    return found


async def measure(folder: Path, orders: int, times: int, rows: list[Row], console: Console) -> None:
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with base(folder, orders) as filled:
        urls = await _filled(filled, console)
        for part in PARTS:
            url = urls[part.books.service]
            await Measured(part, url, orders, rows).all(times, Lines(console, part.books.service))


async def _filled(filled: Base, console: Console) -> dict[str, str]:
    """By service. Finance takes as long as the others together: it is filled beside them."""

    async def fill(*parts: Part) -> dict[str, str]:
        return {
            part.books.service: await filled.loaded(part.books, Lines(console, part.books.service))
            for part in parts
        }

    async with asyncio.TaskGroup() as tasks:
        books, others = tasks.create_task(fill(PARTS[0])), tasks.create_task(fill(*PARTS[1:]))
    return books.result() | others.result()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.reports", description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--base", type=Path, help="keeps what is filled there, and uses it again")
    options = parser.parse_args()
    console = Console(highlight=False)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="pitlane-bench-") as name:
        folder = options.base.resolve() if options.base else Path(name)
        try:
            asyncio.run(measure(folder, options.orders, options.times, rows, console))
        except (asyncio.CancelledError, KeyboardInterrupt):
            sys.exit("ended early: what was measured until then stands above")
        finally:
            table.show(rows, console)


if __name__ == "__main__":
    main()
