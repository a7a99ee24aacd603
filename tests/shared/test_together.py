"""Many selects read, and many tables written, each as one statement: as if each had gone alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    ARRAY,
    Column,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    any_,
    bindparam,
    event,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database import engine_for
from shared.reading import read_together
from shared.statements import Prepared
from shared.writing import Pending, inserting, inserting_missing, merging, removing

tables = MetaData()
people = Table(
    "people",
    tables,
    Column("id", Integer, primary_key=True),
    Column("names", ARRAY(Text), nullable=False),
    Column("owes", Numeric(12, 2)),
    Column("said", JSONB(none_as_null=True)),
    Column("revision", Integer, nullable=False),
)
words = Table("words", tables, Column("word", Text, primary_key=True))
_IDS = bindparam("ids", type_=ARRAY(Integer))
_PEOPLE = select(people).where(people.c.id == any_(_IDS)).order_by(people.c.id)
_LOCKED = _PEOPLE.with_for_update()
_WORDS = select(words).order_by(words.c.word)
_NEW_PEOPLE = inserting(people)
IVAN = (1, ["Иван", 'О"Нил, {мл.}'], Decimal("10.50"), {"a": [1, None]}, 1)
ANNA: tuple[Any, ...] = (2, [], None, None, 1)


@pytest.fixture
async def connection(bare_database: str) -> AsyncIterator[AsyncConnection]:
    engine = engine_for(bare_database)
    async with engine.begin() as connection:
        await connection.run_sync(tables.create_all)
        pending = Pending()
        pending.add(_NEW_PEOPLE, [IVAN, ANNA])
        pending.add(inserting_missing(words), [("масло",), ("шина",)])
        await pending.send(connection)
        yield connection
    await engine.dispose()


@contextmanager
def statements_of(connection: AsyncConnection) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    event.listen(connection.engine.sync_engine, "before_cursor_execute", note)
    yield sent
    event.remove(connection.engine.sync_engine, "before_cursor_execute", note)


async def everybody(connection: AsyncConnection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await connection.execute(select(people).order_by(people.c.id))]


async def test_rows_are_those_that_each_select_would_have_had(connection: AsyncConnection) -> None:
    alone = [tuple(row) for row in await connection.execute(_PEOPLE, {"ids": [1, 2]})]
    assert alone == [IVAN, ANNA]
    # The same select twice, each with ids of its own.
    both, one, found = await read_together(
        connection, (_PEOPLE, {"ids": [2, 1]}), (_LOCKED, {"ids": [1]}), (_WORDS, {})
    )
    assert [tuple(row) for row in both] == alone
    assert [(row.owes, row.said, row.names) for row in one] == [(IVAN[2], IVAN[3], IVAN[1])]
    assert dict(one[0]._mapping)["revision"] == 1
    assert [row.word for row in found] == ["масло", "шина"]


async def test_what_has_no_ids_is_not_asked(connection: AsyncConnection) -> None:
    with statements_of(connection) as sent:
        assert await read_together(connection, (_PEOPLE, {"ids": []})) == [()]
        assert sent == []
        nobody, found = await read_together(connection, (_PEOPLE, {"ids": []}), (_WORDS, {}))
        assert (nobody, len(found)) == ((), 2)
        assert len(sent) == 1
        assert "people" not in sent[0]


async def test_many_tables_are_written_at_once(connection: AsyncConnection) -> None:
    pending = Pending()
    newer = merging(people, "names", "owes", "revision", newer="revision")
    pending.add(newer, [(1, ["Старое имя"], None, None, 0), (2, ["Анна", "Аня"], 5, None, 2)])
    pending.add(inserting_missing(words), [("масло",), ("фильтр",)])
    with statements_of(connection) as sent:
        await pending.send(connection)
    assert len(sent) == 1
    # An older revision changes nothing; what was there stays as it was.
    assert await everybody(connection) == [IVAN, (2, ["Анна", "Аня"], Decimal(5), None, 2)]
    (found,) = await read_together(connection, (_WORDS, {}))
    assert [row.word for row in found] == ["масло", "фильтр", "шина"]


async def test_what_comes_afterwards_sees_what_is_written(connection: AsyncConnection) -> None:
    counted = Prepared(
        text(
            "INSERT INTO words SELECT 'человек: ' || count(*) FROM people WHERE id = ANY(:ids)"
        ).bindparams(_IDS)
    )
    pending = Pending()
    pending.afterwards(counted, ids=[1, 3])
    pending.add(_NEW_PEOPLE, [(3, [], None, None, 1)])
    with statements_of(connection) as sent:
        await pending.send_last(connection)
        await pending.send_last(connection)  # which has nothing left
    assert len(sent) == 2
    (found,) = await read_together(connection, (_WORDS, {}))
    assert "человек: 2" in [row.word for row in found]


async def test_the_same_tables_are_the_same_statement(connection: AsyncConnection) -> None:
    people_first, words_first = Pending(), Pending()
    changed, added = merging(people), inserting_missing(words)
    people_first.add(changed, [IVAN])
    people_first.add(added, [("масло",)])
    words_first.add(added, [("шина",)])
    words_first.add(changed, [ANNA])
    with statements_of(connection) as sent:
        await people_first.send(connection)
        await words_first.send(connection)
    assert len(sent) == 2
    assert len(set(sent)) == 1


async def test_rows_go_by_their_keys(connection: AsyncConnection) -> None:
    pending = Pending()
    pending.add(removing(words), [("шина",)])
    pending.add(removing(people), [(1,), (3,)])
    await pending.send(connection)
    assert await everybody(connection) == [ANNA]
    (found,) = await read_together(connection, (_WORDS, {}))
    assert [row.word for row in found] == ["масло"]


@pytest.mark.parametrize(
    "column",
    [Column("list", ARRAY(Text)), Column("list", ARRAY(Integer), nullable=False)],
    ids=["may be null", "of no texts"],
)
def test_a_list_that_cannot_travel_is_refused_at_the_start(column: Column[Any]) -> None:
    table = Table("lists", MetaData(), Column("id", Integer, primary_key=True), column)
    with pytest.raises(AssertionError, match="new_lists"):
        inserting(table)
