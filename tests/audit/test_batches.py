"""Many events in one transaction, and two processes at one chain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine
from sqlalchemy import event as sql_event
from sqlalchemy.ext.asyncio import AsyncEngine

from services.audit.domain import Fact
from services.audit.handlers import verified
from services.audit.store import AuditStore, tables
from shared.contracts.audit import AnyEvent, ChainState
from shared.database import delivery, engine_for
from tests.audit.test_domain import a_fact
from tests.support.databases import as_owner


async def append(engine: AsyncEngine, facts: Sequence[Fact]) -> None:
    async with engine.begin() as connection:
        store = AuditStore(connection)
        await store.prefetch([AnyEvent() for _ in facts])
        for fact in facts:
            store.append(fact)
        await store.write()


async def state_of(engine: AsyncEngine) -> ChainState:
    async with engine.connect() as connection:
        return await verified(AuditStore(connection), None)


@pytest.mark.parametrize("size", [1, 128])
async def test_a_batch_costs_as_many_statements_as_one_event(
    database: Callable[[str], str], size: int
) -> None:
    engine = engine_for(database("audit"))
    await append(engine, [a_fact()])
    statements: list[str] = []

    def note(*args: Any) -> None:
        statements.append(args[2])

    sql_event.listen(Engine, "before_cursor_execute", note)
    try:
        await append(engine, [a_fact() for _ in range(size)])
    finally:
        sql_event.remove(Engine, "before_cursor_execute", note)
    assert len(statements) == 3, statements  # the lock, the head, the records
    state = await state_of(engine)
    assert (state.intact, state.records) == (True, size + 1)
    await engine.dispose()


async def test_two_processes_make_one_chain(database: Callable[[str], str]) -> None:
    url = database("audit")
    engines = [engine_for(url), engine_for(url)]

    async def keep_appending(engine: AsyncEngine) -> None:
        for _ in range(20):
            await append(engine, [a_fact() for _ in range(3)])

    await asyncio.gather(*map(keep_appending, engines))
    state = await state_of(engines[0])
    assert (state.intact, state.records, state.faults) == (True, 120, ())
    for engine in engines:
        await engine.dispose()


async def test_time_of_another_zone_is_no_tampering(database: Callable[[str], str]) -> None:
    engine = engine_for(database("audit"))
    moscow = timezone(timedelta(hours=3))
    await append(engine, [a_fact(at=datetime(2026, 3, 2, 12, 0, tzinfo=moscow))])
    assert (await state_of(engine)).intact
    async with engine.connect() as connection:
        at = (await connection.execute(sa.select(tables.tables["records"].c.at))).scalar_one()
    assert at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    await engine.dispose()


async def test_content_that_is_no_record_is_named(database: Callable[[str], str]) -> None:
    """Whoever forges a hash too still cannot stop the verification."""
    url = database("audit")
    engine = engine_for(url)
    await append(engine, [a_fact()])
    owner = engine_for(as_owner(url))
    async with owner.begin() as connection:
        await connection.execute(
            sa.text(
                "UPDATE records SET content = '[]', hash = encode("
                "sha256(convert_to(previous_hash || E'\\n[]', 'UTF8')), 'hex')"
            )
        )
    state = await state_of(engine)
    assert [(fault.seq, fault.fault) for fault in state.faults] == [(1, "changed")]
    await owner.dispose()
    await engine.dispose()


async def test_the_migrated_schema_is_the_one_the_store_uses(
    database: Callable[[str], str],
) -> None:
    engine = engine_for(as_owner(database("audit")))
    expected = sa.MetaData()
    for metadata in (tables, delivery):
        for table in metadata.tables.values():
            table.to_metadata(expected)

    def differences(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, expected))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()
