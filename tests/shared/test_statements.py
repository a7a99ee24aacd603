"""Statements that go to the driver itself leave no broken connection to those who come next."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, event, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import engine_for
from shared.messaging.outages import is_outage
from shared.statements import Prepared
from tests.support.proxy import line_to
from tests.support.waiting import eventually

POOL = 3
tables = MetaData()
numbers = Table("numbers", tables, Column("number", Integer, primary_key=True))
_ONE = Prepared(select(text("1 AS one")))
_SLEEP = Prepared(select(func.pg_sleep(60)))
_PUT = Prepared(insert(numbers))
_OTHERS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    " AND pid <> pg_backend_pid()"
)


@pytest.fixture
async def other(bare_database: str) -> AsyncIterator[AsyncEngine]:
    """Of somebody else, who looks at the database from outside."""
    engine = engine_for(bare_database, pool_size=1)
    async with engine.begin() as connection:
        await connection.run_sync(tables.create_all)
    yield engine
    await engine.dispose()


@pytest.fixture
async def engine(bare_database: str, other: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    engine = engine_for(bare_database, pool_size=POOL)
    yield engine
    await engine.dispose()


async def use_all(engine: AsyncEngine) -> list[Any]:
    """Every connection of the pool at once; the driver's own."""
    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(engine.connect()) for _ in range(POOL)]
        for connection in connections:
            assert await _ONE.rows(connection) == [(1,)]
        return [(await each.get_raw_connection()).driver_connection for each in connections]


async def found(other: AsyncEngine, what: str) -> Any:
    async with other.begin() as connection:
        return await connection.scalar(text(what))


async def test_a_database_that_was_restarted_is_asked_again(
    engine: AsyncEngine, other: AsyncEngine
) -> None:
    before = await use_all(engine)
    assert await found(other, f"SELECT count(pg_terminate_backend(pid)) {_OTHERS}") == POOL

    async def all_closed() -> bool:
        return all(each.is_closed() for each in before)

    await eventually(all_closed)

    assert not any(each.is_closed() for each in await use_all(engine))


async def test_who_asks_between_the_last_word_of_a_database_and_its_end_is_told_of_an_outage(
    bare_database: str, other: AsyncEngine
) -> None:
    async with line_to(bare_database) as (line, url):
        engine = engine_for(url, pool_size=1)
        async with engine.connect() as connection:
            await _ONE.rows(connection)
        line.hides_ends = True
        assert await found(other, f"SELECT count(pg_terminate_backend(pid, 5000)) {_OTHERS}") == 1
        await asyncio.sleep(0.05)  # until its last word was heard

        with pytest.raises(Exception) as told:  # noqa: PT011 - whose fault it is, is the question
            async with engine.connect() as connection:
                await _ONE.rows(connection)
        assert is_outage(told.value)
        line.hides_ends = False
        await line.cut()
        await line.mend()
        async with engine.connect() as connection:
            assert await _ONE.rows(connection) == [(1,)]
        await engine.dispose()


async def put(engine: AsyncEngine, number: int) -> None:
    async with engine.begin() as connection:
        await _PUT.rows(connection, number=number)


async def test_who_is_cancelled_at_the_beginning_leaves_no_open_transaction(
    engine: AsyncEngine, other: AsyncEngine
) -> None:
    await put(engine, 1)

    def cancel(*_: Any) -> None:
        task = asyncio.current_task()
        assert task
        task.cancel()  # it takes effect where the task waits next: for BEGIN

    event.listen(engine.sync_engine, "before_cursor_execute", cancel)
    (ended,) = await asyncio.gather(asyncio.create_task(put(engine, 2)), return_exceptions=True)
    event.remove(engine.sync_engine, "before_cursor_execute", cancel)
    assert isinstance(ended, asyncio.CancelledError)

    await put(engine, 3)

    assert await found(other, "SELECT array_agg(number ORDER BY number) FROM numbers") == [1, 3]


async def test_who_is_cancelled_while_the_database_works_stops_it(
    engine: AsyncEngine, other: AsyncEngine
) -> None:
    async def sleep() -> None:
        async with engine.begin() as connection:
            await _SLEEP.rows(connection)

    async def at_work(expected: int) -> bool:
        asked = f"SELECT count(*) {_OTHERS} AND query LIKE '%pg_sleep%' AND state = 'active'"
        return bool(await found(other, asked) == expected)

    task = asyncio.create_task(sleep())
    await eventually(lambda: at_work(1))
    task.cancel()
    (ended,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(ended, asyncio.CancelledError)
    await eventually(lambda: at_work(0))

    await put(engine, 1)

    assert await found(other, "SELECT count(*) FROM numbers") == 1


async def test_failed_statement_is_told_of_without_what_was_to_be_written(
    bare_database: str,
) -> None:
    engine = engine_for(bare_database)
    values = {"said": "Смирнова"}
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError, match="division by zero") as failed:
            await connection.execute(text("SELECT length(:said) / 0"), values)
    await engine.dispose()
    assert "Смирнова" not in "".join(traceback.format_exception(failed.value))
