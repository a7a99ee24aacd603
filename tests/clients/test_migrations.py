"""What a new database knows, and one of the version before."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from shared.database import migrate
from shared.ids import new_id

CLIENT = """
    INSERT INTO clients (id, kind, last_name, name_key, phone_key, phones, revision, created_at,
        updated_at)
    VALUES ($1, 'person', 'Петров', ' петров ', '  ', '{}', 1, now(), now())
"""


@pytest.mark.parametrize("has_clients", [False, True])
async def test_visits_from_before_are_fetched_where_somebody_is_known(
    bare_database: str, has_clients: bool
) -> None:
    connection = await asyncpg.connect(bare_database)
    await connection.execute("CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gin")
    await asyncio.to_thread(migrate, "clients", bare_database, "0014")
    if has_clients:
        await connection.execute(CLIENT, new_id())

    await asyncio.to_thread(migrate, "clients", bare_database)

    is_done = await connection.fetchval("SELECT done_at IS NOT NULL FROM past_visits")
    assert is_done is not has_clients
    await connection.close()
