"""The tables of messages: made by the migrations, described by the store, ruled by themselves."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from services.documents.store.message_tables import tables
from shared.database import engine_for
from shared.ids import new_id

MESSAGE = """
    INSERT INTO messages (id, key, state, fact, channel, kind, urgent, client_id, due_at,
        created_at, created_by, correlation_id, attempts, looks, revision, recipient, text)
    VALUES ($1, $2, $3, 'by_hand', 'sms', 'service', false, $1, now(), now(), 'admin', $1, 0, 0, 1,
        $4, $5)
"""


async def test_the_migrations_make_what_the_store_describes(
    database: Callable[[str], str],
) -> None:
    def difference(connection: Connection) -> list[object]:
        options = {"include_name": lambda name, kind, _: kind != "table" or name in tables.tables}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), tables))

    engine = engine_for(database("documents"))
    async with engine.connect() as connection:
        assert await connection.run_sync(difference) == []
    await engine.dispose()


async def test_one_occasion_makes_one_message(database: Callable[[str], str]) -> None:
    connection = await asyncpg.connect(database("documents"))
    await connection.execute(MESSAGE, new_id(), "ready:1", "scheduled", None, None)
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute(MESSAGE, new_id(), "ready:1", "scheduled", None, None)
    await connection.close()


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "delivered"])
async def test_nothing_is_on_its_way_without_a_text_and_somebody_to_get_it(
    database: Callable[[str], str], state: str
) -> None:
    connection = await asyncpg.connect(database("documents"))
    await connection.execute(MESSAGE, new_id(), "1", state, "+79165550102", "Готово")
    for recipient, text in (("+79165550102", None), (None, "Готово")):
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(MESSAGE, new_id(), "2", state, recipient, text)
    await connection.close()
