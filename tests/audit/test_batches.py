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
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.commands.reach import nats_connection
from services.audit.domain import Fact
from services.audit.handlers import verified
from services.audit.store import AuditStore, tables
from shared.contracts.audit import AnyEvent, ChainState, VerifyChain
from shared.contracts.orders import OrderChanged
from shared.database import delivery, engine_for
from shared.ids import new_id
from shared.messaging import consumer
from shared.messaging.envelope import opening
from shared.messaging.outbox import outgoing
from tests.audit.test_domain import a_fact
from tests.support.databases import as_owner
from tests.support.day import ADMIN, Station
from tests.support.waiting import eventually


async def append(engine: AsyncEngine, facts: Sequence[Fact]) -> None:
    """As the lane does it: what conflicts is done again."""
    try:
        await _append(engine, facts)
    except IntegrityError:
        await _append(engine, facts)


async def _append(engine: AsyncEngine, facts: Sequence[Fact]) -> None:
    async with engine.begin() as connection:
        store = AuditStore(connection)
        await store.prefetch([AnyEvent() for _ in facts])
        for fact in facts:
            store.append(fact)
        await store.write()
    store.committed()


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
    assert len(statements) == 1, statements
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
                "UPDATE records SET packed = '[]', seal = substr(seal, 1, 32) ||"
                " sha256(convert_to(encode(substr(seal, 1, 32), 'hex') || E'\\n[]', 'UTF8'))"
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


async def test_backlog_of_any_length_goes_without_a_pause(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for news while nothing was asked for waits until a pull would be lost."""
    monkeypatch.setattr(consumer, "PULL_EXPIRES_S", 3600)
    monkeypatch.setattr(consumer, "HEARTBEAT_S", 600)
    await station.stop("audit")
    backlog = 3 * consumer.IN_FLIGHT
    cause = opening("/station-1/orders", "test", ADMIN)
    client = await nats_connection(station.nats.url("orders"), "orders")
    for number in range(1, backlog + 1):
        event = OrderChanged(order_id=new_id(), number="A-000001", revision=number)
        sent = outgoing(event, cause, "/station-1/orders", cause.time)
        await client.publish(sent.subject, sent.body, headers={**sent.headers})
    await client.flush()
    await client.close()
    await station.start("audit")

    async def all_recorded() -> bool:
        return (await station.ask(VerifyChain())).records == backlog

    await eventually(all_recorded, timeout_s=60, every_s=0.2)
