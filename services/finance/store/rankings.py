"""Who and what brings most: margin by anything but orders, and ABC with XYZ.

There may be hundreds of thousands of clients and products. Their places are found by what ranks
them alone, in the index of the sums; everything else is added up for one page of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    case,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from services.finance.store.period_reports import PeriodReports, sums_of
from services.finance.store.schema import accounts
from services.finance.store.schema_reports import NOBODY, sales
from services.finance.store.sums import NO_WORDS, sales_of, sales_rows
from shared.contracts.finance_reports import AbcAnalysis, Margin, MarginBy
from shared.pagination import keys_of
from shared.rollups import MONTH, bucket, spans, within

type Sold = Callable[[Any], FromClause]
"""What was sold of a selection of keys; of all of them where there is none."""

_IN_OWN_WORDS = ("service", "order_type")
"""What may be known by its name alone."""
_IS_MERGED = accounts.c.merged_into.is_not(None)


class Rankings(PeriodReports):
    """Reads without locks; each answer is one statement, and so of one moment."""

    async def margins(self, asked: Margin, zone: ZoneInfo) -> Sequence[Row[Any]]:
        """``revenue, key, own_words, name`` and sums, the greatest revenue first; one more than a
        page."""
        sold = await self._sold(asked, zone)
        rows = sold(None).c
        key, own_words = _known_by(asked.by, rows)
        ranked = (
            select(
                func.sum(rows.revenue).label("revenue"),
                key.label("key"),
                own_words.label("own_words"),
            )
            .group_by(key, *([own_words] if asked.by in _IN_OWN_WORDS else []))
            .subquery("ranked")
        )
        order = tuple(ranked.c)
        places = select(ranked).order_by(*(each.desc() for each in order)).limit(asked.limit + 1)
        if asked.cursor:
            revenue, last_key, name = keys_of(asked.cursor, tuple[Decimal, UUID, str])
            after = (literal(revenue), literal(last_key, Uuid), literal(name, Text))
            places = places.where(tuple_(*order) < tuple_(*after))
        page = _once(places, "page")
        rows = sold(_meant_by(page, asked.by)).c
        key, own_words = _known_by(asked.by, rows)
        added = _once(
            select(
                key.label("key"),
                own_words.label("own_words"),
                func.max(rows.name).label("name"),
                *sums_of(rows),
            ).group_by(key, *([own_words] if asked.by in _IN_OWN_WORDS else []))
        )
        statement: Select[Any] = (
            select(page.c.revenue, added)
            .join(added, and_(page.c.key == added.c.key, page.c.own_words == added.c.own_words))
            .order_by(*(each.desc() for each in page.c))
        )
        return list((await self.connection.execute(statement)).all())

    async def _sold(self, asked: Margin, zone: ZoneInfo) -> Sold:
        by = "technician" if asked.by == "section" else asked.by
        if asked.employee_id or asked.client_id:
            # Few rows, found by an index of their own.
            some = and_(within(sales.c.at, asked.period), *await self.filters_of(asked))
            few = sales_rows(zone, by, some).subquery("sold")
            return lambda _: _of_survivors(few) if by == "client" else few
        parts = spans(asked.period, zone)
        where = {"station_id": asked.station_id, "section_id": asked.section_id}

        def sold(keys: Any) -> FromClause:
            some = sales_of(by, asked.period, parts, zone, keys, **where)
            return _of_survivors(some) if by == "client" else some

        return sold

    async def products_ranked(self, asked: AbcAnalysis, zone: ZoneInfo) -> Sequence[Row[Any]]:
        """A page of products, and one more. ``value``: what they are ranked by; ``before``: what
        the greater ones come to; ``total``: what all do, of both only what is above nought; then
        ``product_id, quantity, revenue, cost`` and, of the months in which it was sold,
        ``squares``: the sum of the squares of the quantities."""
        where = {"station_id": asked.station_id, "section_id": asked.section_id}
        rows = sales_of("product", asked.period, spans(asked.period, zone), zone, **where).c
        net = rows.revenue - rows.vat
        measure = {"revenue": net, "margin": net - rows.cost, "quantity": rows.quantity}[asked.by]
        ranked = (
            select(rows.key, func.sum(measure).label("value"))
            .where(rows.key != NOBODY)
            .group_by(rows.key)
            .subquery("ranked")
        )
        order = (ranked.c.value.desc(), ranked.c.key)
        counted = func.greatest(ranked.c.value, 0)
        until = func.sum(counted).over(order_by=order, rows=(None, 0))
        places = (
            select(
                *ranked.c,
                (until - counted).label("before"),
                func.sum(counted).over().label("total"),
            )
            .order_by(*order)
            .offset(keys_of(asked.cursor, tuple[int])[0] if asked.cursor else 0)
            .limit(asked.limit + 1)
        )
        page = _once(places, "page")
        by_month = spans(asked.period, zone, coarsest=MONTH)
        rows = sales_of("product", asked.period, by_month, zone, select(page.c.key), **where).c
        monthly = (
            select(
                rows.key,
                func.sum(rows.quantity).label("quantity"),
                func.sum(rows.revenue - rows.vat).label("revenue"),
                func.sum(rows.cost).label("cost"),
            )
            .group_by(rows.key, bucket("month", rows.day))
            .subquery("monthly")
            .c
        )
        added = _once(
            select(
                monthly.key.label("product_id"),
                *(func.sum(monthly[name]).label(name) for name in ("quantity", "revenue", "cost")),
                func.sum(monthly.quantity * monthly.quantity).label("squares"),
            ).group_by(monthly.key)
        )
        statement: Select[Any] = (
            select(page.c.value, page.c.before, page.c.total, added)
            .join(added, page.c.key == added.c.product_id)
            .order_by(page.c.value.desc(), page.c.key)
        )
        return list((await self.connection.execute(statement)).all())


def _once(selection: Select[Any], name: str = "added") -> CTE:
    """Reckoned once, however often it is looked into."""
    return selection.cte(name).prefix_with("MATERIALIZED")


def _known_by(by: MarginBy, rows: Any) -> tuple[ColumnElement[UUID], ColumnElement[str]]:
    """The key, and the words of what has none. A work of the catalogue is one, however it was
    called; one of own words is its name."""
    if by == "section":
        return rows.section_id, NO_WORDS
    if by in _IN_OWN_WORDS:
        return rows.key, case((rows.key == NOBODY, rows.name), else_=NO_WORDS)
    return rows.key, NO_WORDS


def _meant_by(page: FromClause, by: MarginBy) -> Any:
    """The keys of all that is shown on a page."""
    shown = select(page.c.key)
    if by == "client":
        merged = select(accounts.c.client_id).where(_IS_MERGED, accounts.c.merged_into.in_(shown))
        return union_all(shown, merged)
    return None if by == "section" else shown


def _of_survivors(sold: FromClause) -> FromClause:
    """The same under the clients into whom others were merged. Few were: what others bought stays
    in the order of the index."""
    merged = select(accounts.c.client_id).where(_IS_MERGED)
    own = select(sold).where(sold.c.key.not_in(merged))
    others = select(
        *(accounts.c.merged_into.label("key") if each.name == "key" else each for each in sold.c)
    ).join(accounts, accounts.c.client_id == sold.c.key)
    return union_all(own, others.where(_IS_MERGED)).subquery("of_survivors")
