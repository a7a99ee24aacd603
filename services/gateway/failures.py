"""Failed attempts, by subject: what throttling reckons with. See ``throttling``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.gateway import throttling
from services.gateway.store import sign_in_failures
from services.gateway.throttling import Failures


async def known(engine: AsyncEngine, subjects: Sequence[str]) -> list[Failures]:
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        return await read(connection, subjects)


async def read(connection: AsyncConnection, subjects: Sequence[str]) -> list[Failures]:
    rows = await connection.execute(
        select(sign_in_failures).where(sign_in_failures.c.subject.in_(subjects))
    )
    return [Failures(*row) for row in rows]


async def count(engine: AsyncEngine, subjects: Sequence[str]) -> None:
    """One more for each; what failed long ago is forgotten first."""
    now = datetime.now(UTC)
    statement = upsert(sign_in_failures).values(
        [{"subject": name, "failures": 1, "last_failed_at": now} for name in sorted(subjects)]
    )
    lapsed = sign_in_failures.c.last_failed_at < now - throttling.FORGOTTEN_AFTER
    async with engine.begin() as connection:
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["subject"],
                set_={
                    "failures": case((lapsed, 1), else_=sign_in_failures.c.failures + 1),
                    "last_failed_at": now,
                },
            )
        )


async def forgive(engine: AsyncEngine, subjects: Sequence[str]) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            delete(sign_in_failures).where(sign_in_failures.c.subject.in_(subjects))
        )
