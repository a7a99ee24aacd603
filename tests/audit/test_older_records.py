"""What an older version recorded stays as it was written, in one chain with what is packed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.domain import Fact, Head, sealed
from services.audit.handlers import verified
from services.audit.store import AuditStore, naming, records
from shared.contracts.orders import OrderCreated
from shared.database import engine_for, migrate
from shared.ids import new_id
from tests.audit.test_batches import append, state_of
from tests.audit.test_domain import a_fact

CLIENT, OLD_ORDER, NEW_ORDER = new_id(), new_id(), new_id()


def facts_about(order_id: object) -> list[Fact]:
    created = a_fact(event=OrderCreated.subject, order_id=order_id, body={"client_id": str(CLIENT)})
    return [a_fact(), created, a_fact(order_id=order_id)]


@pytest.fixture
def url(bare_database: str) -> str:
    """A database with three records of the version before, brought to this one."""
    migrate("audit", bare_database, "0005")
    asyncio.run(record_as_before(bare_database, facts_about(OLD_ORDER)))
    migrate("audit", bare_database)
    return bare_database


async def record_as_before(url: str, facts: Sequence[Fact]) -> None:
    connection = await asyncpg.connect(url)
    head = Head()
    for fact in facts:
        link = sealed(fact, head)
        head = Head(link.seq, link.hash)
        await connection.execute(
            "INSERT INTO records VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            link.seq,
            link.content,
            link.previous_hash,
            link.hash,
            fact.event_id,
            fact.event,
            fact.at,
            fact.actor,
            fact.actor_role,
            fact.station,
            fact.order_id,
            fact.correlation_id,
        )
    await connection.close()


async def numbers(connection: AsyncConnection, one: object) -> list[int]:
    """Of the records that name an id."""
    named = select(records).where(naming(one)).order_by(records.c.seq)  # type: ignore[arg-type]
    return [link.seq for link in await AuditStore(connection).links(named)]


def test_the_chain_goes_on_from_what_an_older_version_wrote(url: str) -> None:
    async def check() -> None:
        engine = engine_for(url)
        await append(engine, facts_about(NEW_ORDER))
        state = await state_of(engine)
        assert (state.intact, state.records) == (True, 6)
        async with engine.begin() as connection:
            assert await numbers(connection, CLIENT) == [2, 5]
            assert await numbers(connection, OLD_ORDER) == [2, 3]
            assert await numbers(connection, NEW_ORDER) == [5, 6]
            assert await numbers(connection, new_id()) == []
            store = AuditStore(connection)
            await store.erase({CLIENT}, "—")
            erased = await store.erased(await store.links(select(records)))
            assert erased == dict.fromkeys((CLIENT, OLD_ORDER, NEW_ORDER), "—")
        await engine.dispose()

    asyncio.run(check())


OLD, LAST_OLD, NEW = 2, 3, 5
# Its successor does not follow what stands there now.
DAMAGED = ["changed", "reordered"]
TAMPERED = [
    ("UPDATE records SET hash = translate(hash, '0123456789', '1234567890')", OLD, DAMAGED),
    # What follows it is of the other form.
    ("UPDATE records SET hash = translate(hash, '0123456789', '1234567890')", LAST_OLD, DAMAGED),
    ("UPDATE records SET hash = 'no hash'", OLD, DAMAGED),
    ("UPDATE records SET hash = NULL", LAST_OLD, DAMAGED),
    ("UPDATE records SET previous_hash = hash", OLD, ["changed"]),
    ("UPDATE records SET content = replace(content, 'client', 'x')", OLD, ["changed"]),
    ("UPDATE records SET content = NULL", OLD, ["changed"]),
    ("UPDATE records SET actor = 'nobody'", OLD, ["changed"]),
    ("DELETE FROM records", OLD, ["removed"]),
    ("UPDATE records SET packed = substr(packed, 1, length(packed) - 4)", NEW, ["changed"]),
    ("UPDATE records SET packed = '\\xff'", NEW, ["changed"]),
    ("UPDATE records SET packed = NULL", NEW, ["changed"]),
    ("UPDATE records SET mentions = ''", NEW, ["changed"]),
    ("UPDATE records SET actor = 'nobody'", NEW, ["changed"]),
    ("UPDATE records SET seal = set_byte(seal, 40, 255 - get_byte(seal, 40))", NEW, DAMAGED),
    ("UPDATE records SET seal = set_byte(seal, 4, 255 - get_byte(seal, 4))", NEW, ["changed"]),
    ("DELETE FROM records", NEW, ["removed"]),
]


def test_tampering_with_a_record_of_either_form_is_named(url: str) -> None:
    async def check() -> None:
        engine = engine_for(url)
        await append(engine, facts_about(NEW_ORDER))
        for statement, seq, named in TAMPERED:
            async with engine.connect() as owner:
                await owner.execute(text(f"{statement} WHERE seq = {seq}"))
                faults = (await verified(AuditStore(owner), None)).faults
                assert [fault.fault for fault in faults] == named, statement
                await owner.rollback()
        await engine.dispose()

    asyncio.run(check())
