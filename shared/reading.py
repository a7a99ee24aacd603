"""Several questions to the database as one statement: one way there and back for all that a batch
must know.

Each select is a column of the answer, an array of its rows, and they are answered in the order in
which they are given; so are the locks taken that they ask for. All of them see the database at one
moment, the one at which the statement began: what a lock guards is read by a later statement, which
sees what its last holder has committed.

This is the way to read several tables at once. Only orders has another for what every command of
its needs (``services/orders/store/records.py``), whose text never changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.visitors import replacement_traverse

from shared.statements import Prepared

type Asked = tuple[Select[Any], Mapping[str, Any]]
"""A select, made once, and its parameters."""
type Rows = Sequence[Row[Any]]


async def read_together(connection: AsyncConnection, *asked: Asked) -> list[Rows]:
    """The rows of each select. One that is to look for ids, and is given none, is not asked; the
    same combination of selects is prepared once."""
    wanted = [place for place, (_, ids) in enumerate(asked) if not ids or any(ids.values())]
    found: list[Rows] = [() for _ in asked]
    if wanted:
        selects = tuple(asked[place][0] for place in wanted)
        parameters = {
            f"{name}_{number}": value
            for number, place in enumerate(wanted)
            for name, value in asked[place][1].items()
        }
        (answer,) = await _as_one(selects).rows(connection, **parameters)
        for place, statement, records in zip(wanted, selects, answer, strict=True):
            found[place] = _rows(statement, records)
    return found


@lru_cache(maxsize=256)
def _as_one(selects: tuple[Select[Any], ...]) -> Prepared:
    return Prepared(select(*(_array(each, number) for number, each in enumerate(selects))))


def _array(statement: Select[Any], number: int) -> Any:
    """As one value; what it is given goes by names of its own."""
    rows = statement.with_only_columns(func.row(*statement.selected_columns))

    def renamed(element: Any, **_: Any) -> Any:
        if isinstance(element, BindParameter) and not element.unique:
            return bindparam(f"{element.key}_{number}", type_=element.type)
        return None

    own: Select[Any] = replacement_traverse(rows, {}, renamed)  # type: ignore[assignment]
    return func.array(own.scalar_subquery())


def _rows(statement: Select[Any], records: Sequence[Any]) -> Rows:
    """As if it had been asked alone: the driver decodes within records as it does elsewhere."""
    if not records:
        return ()
    result: IteratorResult[Any] = IteratorResult(_names(statement), iter(map(tuple, records)))
    return result.all()


@lru_cache(maxsize=256)
def _names(statement: Select[Any]) -> SimpleResultMetaData:
    return SimpleResultMetaData(statement.selected_columns.keys())
