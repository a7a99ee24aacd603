"""Finding orders by words: by an index, whatever was typed and however many orders there are.

A word may fit nothing or half of all orders, and the database cannot tell beforehand. Asked for
"the newest 50 that fit", it guesses, and a wrong guess reads a million rows. So one statement goes
step by step, each costing little whatever fits, until there is a page:

1. Among the ``NEWEST`` orders, which lie in memory.
2. By the index in the newest eras, one after the other: it gives those of a few weeks without
   touching the others.
3. By the index, if no more than ``FEW`` fit in all.
4. In the older eras.

A word with digits in it is a number or a plate, and so rare as a rule: only a ``GLANCE`` is had at
the newest, and step 2 is left out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    select,
    text,
    true,
    union,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.queries import (
    INDEXED,
    LOOKED_AT,
    OrderFilter,
    Place,
    has_words,
    is_short,
    narrowing,
    newest_first,
    newest_of,
    parameters_of,
)
from services.orders.store.tables import ERA, ERA_LENGTH, orders
from shared.statements import Prepared, unforeseen

NEWEST = 1_000
GLANCE = 200
RECENT_ERAS = 4
"""Before those of the newest."""
RECENT_SHARE = 4
"""What part of a page is found in recent eras, if the others are worth going through."""
FEW = 300

type Eras = Literal["all_eras", "recent_eras", "older_eras"]
"""Recent ones are those of the newest orders, and ``RECENT_ERAS`` before."""
type Names = tuple[str, ...]
"""Of a statement's parameters."""


async def find_orders(
    connection: AsyncConnection, filters: OrderFilter, limit: int, after: Place | None
) -> list[Any]:
    """Rows of ``orders``, newest first; ``after``: the place of the last one shown."""
    parameters = parameters_of(filters, limit, after)
    names = tuple(parameters)
    statement = _search(names, _is_rare(filters)) if has_words(names) else _list(names)
    return await statement.rows(connection, **parameters)


def _is_rare(filters: OrderFilter) -> bool:
    return any(len(word) >= INDEXED and any(map(str.isdigit, word)) for word in filters.words)


# Made once for each way of narrowing: making them takes longer than running them.


@lru_cache(maxsize=256)
def _list(names: Names) -> Prepared:
    # A subquery with an offset is planned by itself: those that short words are looked for in come
    # newest first, however few the planner expects to fit.
    others = select(orders).where(
        *narrowing(orders, [each for each in names if not is_short(each)])
    )
    newest = others.order_by(*newest_of(orders)).offset(_exactly(0)).subquery("newest")
    return Prepared(newest_first(select(newest), newest, list(filter(is_short, names))))


@lru_cache(maxsize=512)
def _search(names: Names, is_rare: bool) -> Prepared:
    steps = _Steps(names, GLANCE if is_rare else NEWEST)
    found = union(*(steps.of_rare() if is_rare else steps.of_frequent())).subquery()
    page = select(found.c.id).order_by(*newest_of(found)).limit(_LIMIT)
    # As an array they are looked up one by one.
    ids = func.array(page.scalar_subquery(), type_=ARRAY(Uuid))
    return Prepared(select(orders).where(orders.c.id == any_(ids)).order_by(*newest_of(orders)))


_LIMIT = unforeseen(bindparam("limit", type_=Integer))


class _Steps:
    """Places, ``created_at`` and ``id``, of orders that fit; of each step nothing is read if those
    before it have given a page."""

    def __init__(self, names: Names, newest: int) -> None:
        self._names = names
        self._after = tuple(name for name in names if name.startswith("after"))
        self._fitting = select(*_place(orders)).where(*narrowing(orders, names))
        self._newest = self._those_of_all(*LOOKED_AT).limit(_exactly(newest)).cte("newest")
        of_newest = _page(self._newest, *narrowing(self._newest, names))
        self._first = of_newest.cte("first")

    def of_frequent(self) -> tuple[Select[Any], ...]:
        recent = self._by_era("recent_eras").where(~_is_page(self._first))
        recent_page = recent.cte("recent")
        is_missing = and_(~_is_page(self._first), ~_is_page(recent_page))
        is_rare = _are_in(recent_page) * RECENT_SHARE < _LIMIT
        few = self._few(is_missing, is_rare)
        are_few = and_(is_rare, _are_in(few) <= FEW)
        ever = self._by_era("older_eras").where(is_missing, ~are_few).subquery()
        return (*map(select, (self._first, recent_page)), select(few).where(are_few), select(ever))

    def of_rare(self) -> tuple[Select[Any], ...]:
        few = self._few(~_is_page(self._first))
        are_few = _are_in(few) <= FEW
        ever = self._by_era("all_eras").where(~_is_page(self._first), ~are_few).subquery()
        return select(self._first), select(few).where(are_few), select(ever)

    def _few(self, *conditions: ColumnElement[bool]) -> CTE:
        """More than ``FEW`` if there are more."""
        # Materialized, it is planned as if all were wanted, that is by the index; and yet it is
        # read only as far as the limit behind it goes.
        by_index = self._fitting.cte("fitting").prefix_with("MATERIALIZED")
        return select(by_index).where(*conditions).limit(_exactly(FEW + 1)).cte("few")

    def _by_era(self, which: Eras) -> Select[Any]:
        """The newest of those that fit."""
        eras = self._eras(which).subquery(which)
        # A subquery with an offset is planned by itself, too.
        is_of_era = text(f"{ERA} = {which}.era")
        of_era = self._fitting.where(is_of_era).offset(_exactly(0)).subquery()
        page = _page(of_era).lateral()
        return (
            select(*_place(page))
            .select_from(eras.join(page, true()))
            .order_by(eras.c.era.desc(), *newest_of(page))
            .limit(_LIMIT)
        )

    def _eras(self, which: Eras) -> Select[Any]:
        """In their order, so that nothing needs to be sorted behind them."""
        era: ColumnElement[datetime] = literal_column(ERA)
        length: ColumnElement[timedelta] = literal_column(ERA_LENGTH)
        of_all = select(era).select_from(orders).order_by(orders.c.created_at, orders.c.id)
        of_newest = select(era).select_from(self._newest).order_by(self._newest.c.created_at)
        recent = _first(of_newest) - RECENT_ERAS * length
        first = recent - length if which == "older_eras" else _first(self._those_of_all(era))
        last = recent if which == "recent_eras" else _first(of_all)
        series = func.generate_series(first, last, -length).column_valued("era")
        return select(series).order_by(series.desc()).offset(_exactly(0))

    def _those_of_all(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """Of those behind the last one shown, newest first."""
        all_of_them = select(*columns).select_from(orders).where(*narrowing(orders, self._after))
        return all_of_them.order_by(*newest_of(orders))


def _page(of: FromClause, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(*_place(of)).where(*conditions).order_by(*newest_of(of)).limit(_LIMIT)


def _first(of: Select[Any]) -> ColumnElement[Any]:
    return of.limit(_exactly(1)).scalar_subquery()


def _place(of: FromClause) -> tuple[ColumnElement[Any], ...]:
    return of.c.created_at, of.c.id


def _is_page(found: CTE) -> ColumnElement[bool]:
    return _are_in(found) >= _LIMIT


def _are_in(found: CTE) -> ColumnElement[int]:
    return select(func.count()).select_from(found).scalar_subquery()


def _exactly(number: int) -> ColumnElement[int]:
    """Told to the planner, too."""
    return literal_column(str(number), Integer)
