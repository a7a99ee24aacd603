"""The year of business that reports are asked about: a PostgreSQL with a database of each service,
in a folder that may be kept and measured again.

Rows come in pieces, each a transaction of its own, while secondary indexes are away. Sums of nearly
all of them are reckoned in one go, as ``pitlane reports rebuild`` does it; the rest is left to be
folded, since that is measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import asyncpg

from deploy.local.databases import ensure_databases
from deploy.local.postgres import Postgres
from deploy.progress import Progress
from shared.database import engine_for, migrate
from shared.messaging.folding import Fold, Reckon, reckon_sums
from shared.settings import ServiceSettings
from tests.bench.report_rows import Rows
from tests.support.databases import as_owner, service_database

PASSWORD = "superuser"
PIECE = 50_000
"""Orders in a transaction: what they need of memory and of temporary files is bounded."""
LEFT_TO_FOLD = 20_000
"""Orders at most, and of few a tenth."""
SETTINGS = {"max_wal_size": "4GB", "maintenance_work_mem": "256MB"}
"""Beside those of a station: filling writes much at once."""


@dataclass(frozen=True, slots=True)
class Books:
    """What a service keeps of orders, and what it makes of it."""

    service: str
    rows: Rows
    fold: Fold
    reckon: Reckon


class Base:
    """A running PostgreSQL with ``orders`` in the year."""

    def __init__(self, server: Postgres, folder: Path, orders: int) -> None:
        self._server = server
        self._folder = folder
        self._orders = orders
        self._one_by_one = asyncio.Lock()

    async def loaded(self, books: Books, progress: Progress) -> str:
        """The URL of the service's database with all of it: made now, unless it is there. What was
        made in part is made anew."""
        done = self._folder / f"{books.service}.loaded"
        async with self._one_by_one:
            url = await self._database(books.service, is_new=not done.exists())
        if not done.exists():
            await self._load(books, url, progress)
            done.touch()
        return url

    async def _database(self, service: str, *, is_new: bool) -> str:
        database = service_database(service)
        url = self._server.url(database.name, database.role, database.password)
        if is_new:
            await self._execute("postgres", f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")
        inside = {service: self._server.url(database.name)}
        await ensure_databases(self._server.url("postgres"), [database], inside)
        # A base of before may lack the newest tables.
        await asyncio.to_thread(migrate, service, as_owner(url))
        return url

    async def _load(self, books: Books, url: str, progress: Progress) -> None:
        late = min(LEFT_TO_FOLD, self._orders // 10)
        owner = await asyncpg.connect(as_owner(url))
        try:
            indexes = await _taken_away(owner)
            await add(owner, books.rows.things, self._orders, 0, self._orders)
            await self._fill(owner, books, progress, 0, self._orders - late)
            await owner.execute("ANALYZE")
            await self._reckon(books, url, progress)
            progress.begin("indexes", len(indexes))
            for number, index in enumerate(indexes):
                await owner.execute(index)
                progress.advance(number + 1)
            progress.end(f"{len(indexes)} made")
            await self._fill(
                owner, books, progress, self._orders - late, self._orders, with_news=True
            )
            await owner.execute("VACUUM ANALYZE")
        finally:
            await owner.close()

    async def _fill(
        self,
        owner: asyncpg.Connection,
        books: Books,
        progress: Progress,
        first: int,
        last: int,
        *,
        with_news: bool = False,
    ) -> None:
        statements = [*books.rows.of_orders, *(books.rows.news if with_news else ())]
        progress.begin("orders", last - first)
        for begin in range(first, last, PIECE):
            end = min(begin + PIECE, last)
            await add(owner, statements, self._orders, begin, end)
            progress.advance(end - first)
        progress.end(f"{last - first:,} loaded")

    async def _reckon(self, books: Books, url: str, progress: Progress) -> None:
        progress.begin("sums", None)
        engine = engine_for(url, pool_size=1)
        try:
            zone = ServiceSettings(service=books.service, database_url=url).zone
            count = await reckon_sums(engine, zone, books.reckon)
        finally:
            await engine.dispose()
        progress.end(f"{count:,} reckoned")

    async def _execute(self, database: str, statement: str) -> None:
        connection = await asyncpg.connect(self._server.url(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@asynccontextmanager
async def base(folder: Path, orders: int) -> AsyncIterator[Base]:
    """``folder`` may have one for each number of orders."""
    folder = folder / str(orders)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "postgres.log").open("ab") as log:
        server = Postgres(
            folder / "pg", folder, PASSWORD, lambda line: _say(log, line), more=SETTINGS
        )
        try:
            await server.start()
            yield Base(server, folder, orders)
        finally:
            await server.stop()


def _say(log: IO[bytes], line: bytes) -> None:
    log.write(line + b"\n")


async def add(
    connection: asyncpg.Connection, statements: Sequence[str], orders: int, first: int, last: int
) -> None:
    """The rows of the orders from ``first`` until ``last``, of ``orders`` in the year."""
    numbers = {"orders": orders, "first": first, "last": last}
    async with connection.transaction():
        for statement in statements:
            await connection.execute(statement.format(**numbers))


async def _taken_away(connection: asyncpg.Connection) -> list[str]:
    """Drops what only makes filling slower; how each is made again."""
    found = await connection.fetch("""
        SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
        FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
        WHERE relnamespace = 'public'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    """)
    for row in found:
        await connection.execute(f"DROP INDEX {row['name']}")
    return [row["definition"] for row in found]
