"""What the driver asks the database about its types."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from shared.database import engine_for
from shared.driver import DriverConnection
from shared.ids import new_id

_BUILT_IN = "SELECT $1::uuid[] AS ids, $2::jsonb[] AS told, ROW($3::numeric[], 'x'::text) AS row"
_ITS_OWN = "SELECT ARRAY['red', 'green']::colour[] AS colours"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[set[int]]:
    """The types that databases were asked about, by a process that knows none."""
    numbers: list[set[int]] = []
    ask = asyncpg.Connection._introspect_types  # type: ignore[attr-defined]

    async def noting(self: Any, typeoids: Any, timeout: float) -> Any:
        numbers.append(set(typeoids))
        return await ask(self, typeoids, timeout)

    monkeypatch.setattr(asyncpg.Connection, "_introspect_types", noting)
    monkeypatch.setattr(DriverConnection, "_known", {})
    return numbers


async def fetched(url: str, query: str, *values: Any) -> Any:
    """By a connection of its own."""
    engine = engine_for(url)
    async with engine.connect() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        (row,) = await raw.fetch(query, *values)
    await engine.dispose()
    return tuple(row)


async def test_types_of_postgresql_are_asked_about_once_in_a_process(
    bare_database: str, asked: list[set[int]]
) -> None:
    one, two = new_id(), new_id()
    first = await fetched(bare_database, _BUILT_IN, [one, two], ['{"a": 1}'], [])
    known = list(asked)
    assert known
    assert first == ([one, two], [{"a": 1}], ([], "x"))
    assert await fetched(bare_database, _BUILT_IN, [one, two], ['{"a": 1}'], []) == first
    assert asked == known


async def test_types_of_a_database_are_asked_about_on_every_connection(
    bare_database: str, asked: list[set[int]]
) -> None:
    owner = await asyncpg.connect(bare_database)
    await owner.execute("CREATE TYPE colour AS ENUM ('red', 'green')")
    await owner.close()
    asked.clear()
    for _ in range(2):
        assert await fetched(bare_database, _ITS_OWN) == (["red", "green"],)
    assert len(asked) == 2
