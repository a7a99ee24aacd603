"""Finance's tables: made by its migrations, described by its store, closed to change."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from services.finance.store import tables
from shared.database import delivery, engine_for
from shared.ids import new_id
from tests.finance.builders import NOON

ENTRY = """
    INSERT INTO entries (id, kind, at, station_id, actor) VALUES ($1, 'payment', $2, $1, 'cashier')
"""


async def test_the_migrations_make_what_the_store_describes(
    database: Callable[[str], str],
) -> None:
    everything = MetaData()
    for table in (*tables.sorted_tables, *delivery.sorted_tables):
        table.to_metadata(everything)

    def difference(connection: Connection) -> list[object]:
        options = {"include_name": lambda name, kind, _: name != "alembic_version"}
        return list(
            compare_metadata(MigrationContext.configure(connection, opts=options), everything)
        )

    engine = engine_for(database("finance"))
    async with engine.connect() as connection:
        assert await connection.run_sync(difference) == []
    await engine.dispose()


@pytest.mark.parametrize("table", ["entries", "postings"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
async def test_the_service_itself_cannot_change_its_ledger(
    database: Callable[[str], str], table: str, statement: str
) -> None:
    column = {"entries": "actor", "postings": "debit"}[table]
    connection = await asyncpg.connect(database("finance"))
    await connection.execute(ENTRY, new_id(), NOON)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement.format(table, column, column))

    await connection.close()


async def test_an_entry_cannot_be_reversed_twice(database: Callable[[str], str]) -> None:
    connection = await asyncpg.connect(database("finance"))
    entry_id = new_id()
    await connection.execute(ENTRY, entry_id, NOON)
    reversal = ENTRY.replace("actor)", "actor, reverses)").replace("'cashier')", "'cashier', $3)")
    await connection.execute(reversal, new_id(), NOON, entry_id)

    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute(reversal, new_id(), NOON, entry_id)

    await connection.close()
