"""Statements that are asked all day: put into words once, and run by the driver.

SQLAlchemy stays the language in which they are written. It compiles a statement when the program
starts; after that asyncpg runs it, in the connection's own transaction, and with the same types on
the way in and out. What SQLAlchemy does beside that for every execution (a key of its cache, a
context, a cursor, a greenlet) costs as much as the database's answer to a small question.
"""

from __future__ import annotations

import asyncio
from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from sqlalchemy import ARRAY, BindParameter, ColumnElement, Executable, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.type_api import TypeEngine

from shared.database import DIALECT
from shared.driver import is_ending

type Convert = Callable[[Any], Any]
_NUMERIC = 1700
"""PostgreSQL's number for the type; of what comes back, no other needs to be told apart."""


class Prepared:
    """One statement whose text is always the same: made once, at the top of a module.

    A list travels as an array (``= any_(bindparam("ids", type_=ARRAY(Uuid)))``): ``in_`` would
    have as many texts as there are lengths.
    """

    def __init__(self, statement: Executable) -> None:
        compiled = statement.compile(dialect=DIALECT)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        assert not compiled.post_compile_params, "a list travels as an array"
        self._sql = str(compiled)
        self._given = {
            name: bind.value for name, bind in compiled.binds.items() if not bind.required
        }
        self._in = [(name, _into(compiled.binds[name].type)) for name in compiled.positiontup or ()]
        columns = compiled._result_columns
        row: Any = namedtuple("Row", [one.keyname for one in columns], rename=True)  # type: ignore[misc]
        self._make = row._make
        self._out = [_out_of(one.type) for one in columns]

    async def rows(self, connection: AsyncConnection, **parameters: Any) -> list[Any]:
        """The rows, with their columns as fields. Raises what ``connection.execute`` does."""
        return await self._run(connection, parameters, begin=True)

    async def run_last(self, connection: AsyncConnection, **parameters: Any) -> None:
        """For the last statement of a transaction. If it is its only one, it commits itself:
        neither BEGIN nor COMMIT goes to the database."""
        await self._run(connection, parameters, begin=False)

    async def _run(
        self, connection: AsyncConnection, parameters: dict[str, Any], *, begin: bool
    ) -> list[Any]:
        given = {**self._given, **parameters} if self._given else parameters
        values = [given[name] if into is None else into(given[name]) for name, into in self._in]
        beneath: Any = connection.sync_connection
        for listener in beneath.dispatch.before_cursor_execute:
            listener(beneath, None, self._sql, values, None, False)
        # SQLAlchemy's own layer around asyncpg: it begins a transaction with the first statement.
        adapted = beneath.connection.dbapi_connection
        try:
            if begin and adapted._transaction is None:
                await adapted._start_transaction()
            records = await adapted.driver_connection.fetch(self._sql, *values)
        except asyncio.CancelledError:
            # Whatever the database has begun by now, nobody here knows of it.
            await connection.invalidate()
            raise
        except Exception as error:
            await self._fail(connection, adapted, error)
        if any(self._out):
            records = [_converted(record, self._out) for record in records]
        return list(map(self._make, records))

    async def _fail(self, connection: AsyncConnection, adapted: Any, error: Exception) -> NoReturn:
        """In SQLAlchemy's words; a connection that is broken is not handed out again."""
        broken = adapted.driver_connection.is_closed() or is_ending(error)
        if broken:
            await connection.invalidate(error)
        errors = adapted.dbapi.Error
        try:
            adapted._handle_exception(error)
        except errors as translated:
            raise DBAPIError.instance(
                self._sql,
                None,
                translated,
                errors,
                hide_parameters=True,
                connection_invalidated=broken,
                dialect=DIALECT,
            ) from translated
        raise error


def unforeseen(parameter: BindParameter[Any]) -> ColumnElement[Any]:
    """A parameter whose value the planner is not told. Where it is told none, a connection's first
    plans come out no cheaper than one for any value, which PostgreSQL then keeps: to plan a
    statement of twenty tables takes as long as to run it."""
    return select(parameter).scalar_subquery()


def _into(type_: TypeEngine[Any]) -> Convert | None:
    if isinstance(type_, ARRAY) and type_.dimensions == 1:
        # SQLAlchemy's own asks each value whether it is a list once more.
        one = _into(type_.item_type)
        return None if one is None else lambda values: [one(value) for value in values]
    return type_.dialect_impl(DIALECT).bind_processor(DIALECT)


def _out_of(type_: TypeEngine[Any]) -> Convert | None:
    return type_.dialect_impl(DIALECT).result_processor(DIALECT, _NUMERIC)


def _converted(record: Sequence[Any], out: Sequence[Convert | None]) -> list[Any]:
    return [
        value if convert is None else convert(value)
        for value, convert in zip(record, out, strict=True)
    ]
