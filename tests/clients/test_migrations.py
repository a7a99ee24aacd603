"""What a new database knows, and one of the version before."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from shared.database import migrate
from shared.ids import new_id

CLIENT = """
    INSERT INTO clients (id, kind, last_name, name_key, phone_key, phones, revision, created_at,
        updated_at)
    VALUES ($1, 'person', 'Петров', ' петров ', '  ', '{}', 1, now(), now())
"""

CAR = """
    INSERT INTO vehicles (id, client_id, model, mileage_km, revision, created_at, updated_at)
    VALUES ($1, $2, 'Vesta', $3, 1, now(), now())
"""
MILEAGE = """
    INSERT INTO vehicle_facts (vehicle_id, kind, value, since, until)
    VALUES ($1, 'mileage', $2, $3, $4)
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


async def test_a_mileage_from_before_was_typed_when_its_fact_began(bare_database: str) -> None:
    connection = await asyncpg.connect(bare_database)
    await connection.execute("CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gin")
    await asyncio.to_thread(migrate, "clients", bare_database, "0015")
    client_id, car_id, since = new_id(), new_id(), datetime(2026, 3, 2, tzinfo=UTC)
    await connection.execute(CLIENT, client_id)
    await connection.execute(CAR, car_id, client_id, 50_000)
    await connection.execute(CAR, new_id(), client_id, None)
    for value, until in (("40000", since), ("50000", None)):
        await connection.execute(MILEAGE, car_id, value, since, until)

    await asyncio.to_thread(migrate, "clients", bare_database)

    kept = await connection.fetch("SELECT mileage_at, typed_km, typed_at FROM vehicles ORDER BY id")
    assert [tuple(row) for row in kept] == [(since, 50_000, since), (None, None, None)]
    await connection.close()
