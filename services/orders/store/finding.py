"""Finding orders by words: by an index, whatever was typed and however many orders there are.

A word may fit nothing or half of all orders, and the database cannot tell beforehand. Asked for
"the newest 50 that fit", it guesses, and a wrong guess reads a million rows. So it is asked step by
step, each costing little whatever fits, until there is a page:

1. Among the ``NEWEST`` orders, which lie in memory.
2. By the index in the newest eras, one after the other: it gives those of a few weeks without
   touching the others.
3. By the index, if no more than ``FEW`` fit in all.
4. In all eras.

What has digits in it is a number or a plate, and so rare as a rule: step 3 is tried first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    func,
    literal_column,
    select,
    text,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.queries import (
    LOOKED_AT,
    OrderFilter,
    Place,
    narrowing,
    newest_first,
    newest_of,
)
from services.orders.store.tables import ERA, ERA_LENGTH, orders

NEWEST = 1_000
RECENT_ERAS = 4
RECENT_SHARE = 4
"""What part of a page is found in recent eras, if the others are worth going through."""
FEW = 300
INDEXED = 3
"""Letters: an index of pieces of three has nothing to find a shorter word by, so that orders are
looked at one by one."""
EVERY_ORDER = OrderFilter()


async def find_orders(
    connection: AsyncConnection, filters: OrderFilter, limit: int, after: Place | None
) -> list[Any]:
    """Rows of ``orders``, newest first; ``after``: the place of the last one shown."""
    page = newest_first(select(orders), orders, filters, limit, after)
    if any(len(word) >= INDEXED for word in filters.words):
        places = await _Search(connection, filters, limit, after).places()
        ids = [place.id for place in places]
        page = select(orders).where(orders.c.id.in_(ids)).order_by(*newest_of(orders))
    return list(await connection.execute(page))


class _Search:
    def __init__(
        self, connection: AsyncConnection, filters: OrderFilter, limit: int, after: Place | None
    ) -> None:
        self._connection = connection
        self._filters = filters
        self._limit = limit
        self._after = after
        self._fitting = select(*_place(orders)).where(*narrowing(orders, filters, after))

    async def places(self) -> Sequence[Any]:
        """``id`` and ``created_at`` of those on the page."""
        is_rare = any(map(str.isdigit, self._filters.q))
        if is_rare and (few := await self._few()) is not None:
            return few
        found: Sequence[Any] = ()
        for page in (self._among_newest(), self._by_era(lately=True)):
            found = await self._read(page)
            if len(found) == self._limit:
                return found
        is_rare = not is_rare and len(found) * RECENT_SHARE < self._limit
        if is_rare and (few := await self._few()) is not None:
            return few
        return await self._read(self._by_era())

    async def _read(self, statement: Select[Any]) -> Sequence[Any]:
        return list(await self._connection.execute(statement))

    async def _few(self) -> Sequence[Any] | None:
        """None if there are more."""
        # Materialized, it is planned as if all were wanted, that is by the index; and yet it is
        # read only as far as the limit behind it goes.
        by_index = self._fitting.cte("fitting").prefix_with("MATERIALIZED")
        found = await self._read(select(by_index).limit(_exactly(FEW + 1)))
        if len(found) > FEW:
            return None
        return sorted(found, key=lambda row: (row.created_at, row.id), reverse=True)[: self._limit]

    def _among_newest(self) -> Select[Any]:
        newest = self._newest(*LOOKED_AT).subquery("newest")
        return self._page(newest, *narrowing(newest, self._filters, self._after))

    def _newest(self, *columns: Column[Any]) -> Select[Any]:
        return newest_first(select(*columns), orders, EVERY_ORDER, NEWEST, self._after)

    def _by_era(self, *, lately: bool = False) -> Select[Any]:
        """The newest of those that fit; ``lately``: in the eras of the newest, and in
        ``RECENT_ERAS`` before."""
        eras = self._eras(lately=lately).subquery("eras")
        # A subquery with an offset is planned by itself, too.
        is_of_era = text(f"{ERA} = eras.era")
        of_era = self._fitting.where(is_of_era).offset(_exactly(0)).subquery("of_era")
        page = self._page(of_era).lateral("page")
        return (
            select(page)
            .select_from(eras.join(page, true()))
            .order_by(eras.c.era.desc(), page.c.created_at.desc(), page.c.id.desc())
            .limit(self._limit)
        )

    def _eras(self, *, lately: bool) -> Select[Any]:
        """In their order, so that nothing needs to be sorted behind them."""
        era: ColumnElement[datetime] = literal_column(ERA)
        length: ColumnElement[timedelta] = literal_column(ERA_LENGTH)
        shown = select(era).select_from(orders).limit(_exactly(1))
        shown = shown.where(*narrowing(orders, EVERY_ORDER, self._after))
        first = shown.order_by(*newest_of(orders)).scalar_subquery()
        last: ColumnElement[datetime]
        if lately:
            newest = self._newest(orders.c.created_at).subquery("newest")
            of_newest = select(era).select_from(newest).order_by(newest.c.created_at)
            last = of_newest.limit(_exactly(1)).scalar_subquery() - RECENT_ERAS * length
        else:
            last = shown.order_by(orders.c.created_at, orders.c.id).scalar_subquery()
        series = func.generate_series(first, last, -length).column_valued("era")
        return select(series).order_by(series.desc()).offset(_exactly(0))

    def _page(self, of: FromClause, *conditions: ColumnElement[bool]) -> Select[Any]:
        page = select(*_place(of)).where(*conditions)
        return page.order_by(*newest_of(of)).limit(self._limit)


def _place(of: FromClause) -> tuple[ColumnElement[Any], ...]:
    return of.c.created_at, of.c.id


def _exactly(number: int) -> ColumnElement[int]:
    """Told to the planner, too."""
    return literal_column(str(number), Integer)
