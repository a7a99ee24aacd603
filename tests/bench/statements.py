"""What one flow costs the database, whatever else the machine does: statements, commits, WAL.

PostgreSQL counts its statements only when it is started with the library for it, which makes them
a little slower; so the station is started anew for this, and once more after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from operator import sub

import asyncpg

from tests.bench import flow
from tests.bench.business import Business
from tests.bench.station import BenchStation
from tests.bench.table import Row

STATEMENTS_GOAL, WAL_GOAL_KB = 100, 80
LIBRARY = "pg_stat_statements"
REPORTED_S = 1.2
"""Sessions report what they have done at least once a second."""
# A transaction's own words are counted as commits.
_COUNTS = """
    SELECT (SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements
            WHERE query !~* '^(BEGIN|COMMIT|ROLLBACK|SET|START)'),
        (SELECT coalesce(sum(xact_commit), 0)::bigint FROM pg_stat_database
         WHERE datname LIKE 'pitlane%'),
        (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint,
        (SELECT wal_fpi FROM pg_stat_wal)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one flow."""

    statements: float
    commits: float
    wal_kb: float
    full_pages: float
    """Of the WAL: pages that were written whole, being touched first after a checkpoint."""


async def measure(station: BenchStation, business: Business, seconds: float) -> list[Row]:
    async with counting(station) as database:
        await flow.run(station, business, 1, 1.0)  # statements are prepared after it
        cost = await of_flows(station, business, database, seconds)
    return rows(cost)


def rows(cost: Cost) -> list[Row]:
    return [
        Row("statements per flow", cost.statements, "", STATEMENTS_GOAL, "goal ≤", "one client"),
        Row("commits per flow", cost.commits, "", note="one client"),
        Row(
            "WAL per flow",
            cost.wal_kb,
            "KB",
            WAL_GOAL_KB,
            "goal ≤",
            f"one client; {cost.full_pages:.1f} full pages among it",
        ),
    ]


async def of_flows(
    station: BenchStation, business: Business, database: asyncpg.Connection, seconds: float
) -> Cost:
    before = await _counts(database)
    run = await flow.run(station, business, 1, seconds)
    after = await _counts(database)
    return Cost(
        *(
            each / len(run.flows) / scale
            for each, scale in zip(map(sub, after, before), (1, 1, 1024, 1), strict=True)
        )
    )


@asynccontextmanager
async def counting(station: BenchStation) -> AsyncIterator[asyncpg.Connection]:
    """The station, with its statements counted as long as this lasts."""
    await _preload(station, f"'{LIBRARY}'")
    async with station.as_superuser("audit") as database:
        await database.execute(f"CREATE EXTENSION IF NOT EXISTS {LIBRARY}")
        await station.compared()  # of its statements, the more events the more, no flow makes any
        try:
            yield database
        finally:
            await database.execute(f"DROP EXTENSION {LIBRARY}")
    await _preload(station, "DEFAULT")


async def _preload(station: BenchStation, libraries: str) -> None:
    async with station.as_superuser("audit") as database:
        await database.execute(f"ALTER SYSTEM SET shared_preload_libraries = {libraries}")
    await station.stop()
    await station.start()


async def _counts(database: asyncpg.Connection) -> list[float]:
    await asyncio.sleep(REPORTED_S)
    (counts,) = await database.fetch(_COUNTS)
    return list(map(float, counts))
