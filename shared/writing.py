"""Rows on their way into the tables: whatever a transaction has to write goes as one statement.

Each column travels as one array, so that a batch costs as many statements as a single message
does, and the statements of several tables are sent as one, as its common table expressions: one
way to the database and back, whatever a handler changes. PostgreSQL sees them all at one moment
and in no order, so that none may build on what another of them writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Delete,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB, Insert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import TableValuedAlias

from shared.statements import Prepared

type Row = Sequence[Any] | Mapping[str, Any]
type _Statement = tuple[Prepared, dict[str, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A way to write rows of a table: its statement, and the columns that a row brings."""

    name: str
    statement: Insert | Delete
    columns: tuple[str, ...]

    def arrays(self, rows: Iterable[Row]) -> dict[str, list[Any]]:
        """Rows, in the order of the columns or by their names, as the statement's parameters."""
        values = [_in_order(row, self.columns) for row in rows]
        by_column = zip(*values, strict=True) if values else [()] * len(self.columns)
        return {
            _parameter(self.name, column): list(some)
            for column, some in zip(self.columns, by_column, strict=True)
        }


def inserting(table: Table, *columns: str, when: ColumnElement[bool] | None = None) -> Rows:
    """Inserts rows; without ``columns`` they bring every one that the database does not draw.
    ``when``: what holds before the first of them is written."""
    return _inserting("new", table, columns, when)


def inserting_missing(table: Table, *columns: str) -> Rows:
    """Inserts rows as ``inserting`` does, but for those that are there already, by whatever key."""
    rows = _inserting("added", table, columns)
    statement: Insert = rows.statement  # type: ignore[assignment]
    return Rows(rows.name, statement.on_conflict_do_nothing(), rows.columns)


def merging(table: Table, *changing: str, newer: str | None = None) -> Rows:
    """Inserts rows, or sets the ``changing`` columns of those that exist; without them all.
    ``newer``: of those that exist, only where this column grows."""
    rows = _inserting("saved", table)
    keys = table.primary_key.columns.keys()
    statement: Insert = rows.statement  # type: ignore[assignment]
    changing = changing or tuple(name for name in rows.columns if name not in keys)
    merged = statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: statement.excluded[name] for name in changing},
        where=table.c[newer] < statement.excluded[newer] if newer else None,
    )
    return Rows(rows.name, merged, rows.columns)


def removing(table: Table) -> Rows:
    """Deletes the rows whose primary keys they bring."""
    name, keys = f"gone_{table.name}", tuple(table.primary_key.columns.keys())
    found = tuple_(*(table.c[key] for key in keys)).in_(select(_unnested(name, table, keys)))
    return Rows(name, delete(table).where(found), keys)


class Pending:
    """What one transaction is to write, until ``send``."""

    def __init__(self) -> None:
        self._waiting: dict[Rows, list[Row]] = {}
        self._after: list[_Statement] = []

    def add(self, how: Rows, rows: Iterable[Row]) -> None:
        """No row may be the same as one that was added before."""
        if new := list(rows):
            self._waiting.setdefault(how, []).extend(new)

    def afterwards(self, statement: Prepared, **parameters: Any) -> None:
        """A statement that has to see all that is written."""
        self._after.append((statement, parameters))

    async def send(self, connection: AsyncConnection) -> None:
        """One statement, or none when there is nothing to write, and what comes after it."""
        for statement, parameters in self._taken():
            await statement.rows(connection, **parameters)

    async def send_last(self, connection: AsyncConnection) -> None:
        """The same, when nothing but the commit comes after it."""
        if statements := self._taken():
            *others, (last, parameters) = statements
            for statement, given in others:
                await statement.rows(connection, **given)
            await last.run_last(connection, **parameters)

    def _taken(self) -> list[_Statement]:
        after, self._after = self._after, []
        return [*self._writing(), *after]

    def _writing(self) -> Iterator[_Statement]:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        parameters: dict[str, list[Any]] = {}
        for how, rows in waiting.items():
            parameters |= how.arrays(rows)
        # Whatever came first: the same tables are the same statement.
        yield _as_one(tuple(sorted(waiting, key=_by_name))), parameters


@lru_cache(maxsize=256)
def _as_one(all_of_them: tuple[Rows, ...]) -> Prepared:
    """Made once for those that go together, in this order: making it costs more than its
    execution."""
    first, *others = all_of_them
    return Prepared(first.statement.add_cte(*(other.statement.cte(other.name) for other in others)))


def _inserting(
    verb: str,
    table: Table,
    columns: tuple[str, ...] = (),
    when: ColumnElement[bool] | None = None,
) -> Rows:
    name = f"{verb}_{table.name}"
    columns = columns or tuple(
        one.key for one in table.columns if one.identity is None and one.computed is None
    )
    # What ``_texts`` makes of a list is never NULL, and texts.
    assert all(_is_list_of_texts(table.c[key]) for key in columns if _is_list(table.c[key])), name
    given = _unnested(name, table, columns)
    values = (_texts(given, key) if _is_list(table.c[key]) else given.c[key] for key in columns)
    new = select(*values)
    if when is not None:
        new = new.where(when)
    statement = postgresql_insert(table).from_select(columns, new)
    return Rows(name, statement, columns)


def _unnested(name: str, table: Table, columns: Sequence[str]) -> TableValuedAlias:
    # One dimension, whatever it holds: a list in a JSON column is one value. A list of texts
    # travels as JSON, because ``unnest`` would take an array of arrays apart to the last.
    values = [
        bindparam(
            _parameter(name, key),
            type_=ARRAY(JSONB if _is_list(table.c[key]) else table.c[key].type, dimensions=1),
        )
        for key in columns
    ]
    return func.unnest(*values).table_valued(*columns).render_derived()


def _is_list(column: Column[Any]) -> bool:
    return isinstance(column.type, ARRAY)


def _is_list_of_texts(column: Column[Any]) -> bool:
    type_ = column.type
    return isinstance(type_, ARRAY) and isinstance(type_.item_type, Text) and not column.nullable


def _texts(given: TableValuedAlias, key: str) -> ColumnElement[Any]:
    texts = select(func.jsonb_array_elements_text(given.c[key])).correlate(given)
    return func.array(texts.scalar_subquery())


def _by_name(how: Rows) -> str:
    return how.name


def _parameter(name: str, column: str) -> str:
    return f"{name}_{column}"


def _in_order(row: Row, columns: tuple[str, ...]) -> Sequence[Any]:
    if not isinstance(row, Mapping):
        return row
    if len(columns) == 1:
        return (row[columns[0]],)
    values: tuple[Any, ...] = itemgetter(*columns)(row)
    return values
