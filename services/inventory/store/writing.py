"""Many rows in one statement: each column travels as one array, so that a batch costs as many
statements as a single message does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ARRAY, Delete, Table, bindparam, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.sql.selectable import TableValuedAlias


def inserting(table: Table) -> Insert:
    """Inserts the rows of ``arrays``."""
    names = table.columns.keys()
    return postgresql_insert(table).from_select(names, select(_rows_of(table, names)))


def merging(table: Table, *changing: str) -> Insert:
    """Inserts the rows of ``arrays``, or sets the ``changing`` columns of those that exist."""
    statement = inserting(table)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: statement.excluded[name] for name in changing},
    )


def removing(table: Table) -> Delete:
    """Deletes the rows with the primary keys of ``arrays``."""
    names = table.primary_key.columns.keys()
    keys = [table.c[name] for name in names]
    return delete(table).where(tuple_(*keys).in_(select(_rows_of(table, names))))


def at_once(first: Insert, *others: Insert) -> Insert:
    """One statement, and one way to the database and back, for the rows of several tables."""
    return first.add_cte(*(other.cte(f"saved_{other.table.name}") for other in others))


def arrays(table: Table, rows: Iterable[Sequence[Any]], *, keys: bool = False) -> dict[str, Any]:
    """Rows in the order of the table's columns (or of its primary key's), as parameters of any of
    the above; none is allowed too."""
    columns = table.primary_key.columns if keys else table.columns
    names = columns.keys()
    by_column = list(zip(*rows, strict=True)) or [()] * len(names)
    return {
        _parameter(table, name): list(values) for name, values in zip(names, by_column, strict=True)
    }


def _rows_of(table: Table, names: Sequence[str]) -> TableValuedAlias:
    values = [bindparam(_parameter(table, name), type_=ARRAY(table.c[name].type)) for name in names]
    return func.unnest(*values).table_valued(*names).render_derived()


def _parameter(table: Table, name: str) -> str:
    return f"{table.name}_{name}"
