"""Rows that come as values: several tables' in one statement, each an array of records.

``shared/reading.py`` does the same with selects, and is the way for all else. Here the columns are
SQL, for the few statements that need words before their SELECT (locks, which the columns build on)
and that are asked for every command: one text each, whatever a batch is about.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Table, column, text

from shared.statements import Prepared


def record(columns: Iterable[str]) -> str:
    """These columns of a row as one value, in SQL. They are named one by one: a column that a
    newer version has added changes nothing."""
    return f"ROW({', '.join(f'"{name}"' for name in columns)})"


def reader(table: Table) -> Callable[[Iterable[Any]], Any]:
    """Makes a row, as SQLAlchemy would, of a ``record`` of all columns of the table."""

    class Row(namedtuple(table.name, table.columns.keys())):  # type: ignore[misc]
        __slots__ = ()

        @property
        def _mapping(self) -> Mapping[str, Any]:
            return self._asdict()

    make: Callable[[Iterable[Any]], Any] = Row._make
    return make


def prepared(*, before: str = "", **columns: str) -> Prepared:
    """A statement whose one row has these columns, each in SQL with its parameters as ``:name``;
    ``before``: the words before SELECT."""
    values = ", ".join(f"{value} AS {name}" for name, value in columns.items())
    return Prepared(text(f"{before} SELECT {values}").columns(*map(column, columns)))
