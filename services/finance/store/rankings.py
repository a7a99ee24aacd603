"""Who and what brings most: margin by anything but orders, and ABC with XYZ.

There may be hundreds of thousands of clients and products. Of a period that is one year, quarter
or month of the sums a page is read from the beginning of an index, and only those whom the sums do
not know whole are ranked beside it. Of other whole months the beginnings of their years are looked
into first, which is enough when nobody further on can have brought as much; everything else is
added up for one page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    FromClause,
    Row,
    Select,
    Subquery,
    Text,
    Uuid,
    and_,
    case,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
    union,
    union_all,
)

from services.finance.store.period_reports import PeriodReports, sums_of
from services.finance.store.schema import accounts
from services.finance.store.schema_reports import EVERYWHERE, NOBODY, sales, sales_sums
from services.finance.store.sums import NO_WORDS, sales_not_summed, sales_of, sales_rows
from shared.contracts.base import Period
from shared.contracts.finance_reports import AbcAnalysis, Margin, MarginBy
from shared.pagination import keys_of
from shared.rollups import (
    MONTH,
    YEAR,
    Grain,
    Spans,
    bucket,
    constant,
    one_stretch,
    spans,
    whole_months,
    widened,
    within,
)

_IN_OWN_WORDS = ("service", "order_type")
"""What may be known by its name alone."""
_IS_MERGED = accounts.c.merged_into.is_not(None)
_Position = Annotated[int, Field(ge=0, le=10_000_000)]
DEEP = 1_000
"""So many places of each year are looked into for the places of some of its months."""
SOME = 6
"""Months; of fewer, years tell little."""


class Years(NamedTuple):
    """Of some months: the first days of their years, and of the other months of these."""

    first_days: Sequence[date]
    others: Sequence[date]


@dataclass(frozen=True, slots=True)
class _Sold:
    """What was sold in a period, by what it is summed by; of clients under those into whom others
    were merged."""

    by: MarginBy
    period: Period
    parts: Spans
    zone: ZoneInfo
    where: dict[str, UUID | None]

    def of(self, keys: Any = None) -> FromClause:
        """Of a selection of keys; of all of them where there is none."""
        by_section = self.by == "section"
        by = "order_type" if by_section else self.by
        sold = sales_of(
            by, self.period, self.parts, self.zone, keys, by_section=by_section, **self.where
        )
        return _of_survivors(sold) if self.by == "client" else sold

    def in_one_stretch(self) -> tuple[Grain, date] | None:
        """Of which the sums have one row for each key, in the order of its revenue."""
        has_one = self.by in ("client", "product") and not self.where["station_id"]
        return one_stretch(self.parts) if has_one else None

    def years(self) -> Years | None:
        """The years of a period of whole months, as far as they have rows in the order of their
        revenue and it is worth while to look into them."""
        ranks = self.by in ("client", "product") and not self.where["station_id"]
        months = whole_months(self.parts)
        if not ranks or not len(months) >= SOME or one_stretch(self.parts):
            return None
        first_days = sorted({day.replace(month=1) for day in months})
        all_of_them = (day.replace(month=month) for day in first_days for month in range(1, 13))
        return Years(first_days, [day for day in all_of_them if day not in months])

    def moved(self) -> CTE:
        """The keys of which the stretch's sums are not all there is."""
        added = sales_not_summed(self.by, self.period, self.parts, self.zone, **self.where)
        keys = [select(added.c.key)]
        if self.by == "client":
            names = (accounts.c.client_id, accounts.c.merged_into)
            keys += [select(name).where(_IS_MERGED) for name in names]
        return _once(select(union_all(*keys).subquery().c[0].label("key")), "moved")

    def unmoved(self, stretch: tuple[Grain, date], moved: CTE) -> Sequence[ColumnElement[bool]]:
        """The sums' rows of all other keys."""
        grain, day = stretch
        return (
            sales_sums.c.grain == constant(grain),
            sales_sums.c.by == constant(self.by),
            sales_sums.c.day == constant(day, Date),
            sales_sums.c.section_id == (self.where["section_id"] or EVERYWHERE),
            sales_sums.c.key.not_in(select(moved.c.key)),
        )


class Rankings(PeriodReports):
    """Reads without locks; each ranking is one statement, and so of one moment."""

    async def margins(self, asked: Margin, zone: ZoneInfo, now: datetime) -> Sequence[Row[Any]]:
        """``revenue, key, own_words, name`` and sums, the greatest revenue first; one more than a
        page."""
        if asked.employee_id or asked.client_id:
            # Few rows, found by an index of their own.
            some = and_(within(sales.c.at, asked.period), *await self.filters_of(asked))
            by = "order_type" if asked.by == "section" else asked.by
            rows: FromClause = sales_rows(zone, by, some).subquery("sold")
            rows = _of_survivors(rows) if by == "client" else rows
            page = _once(_page_of(asked, _added_up(asked.by, rows)), "page")
            return list((await self.connection.execute(_figures(asked.by, page, rows))).all())
        sold = await self._sold(asked.by, asked, zone, now)
        if years := sold.years():
            likely, bound = _likely(sold, years)
            among = _added_up(asked.by, sold.of(_meant_by(likely, asked.by)))
            statement = _of_page(asked, sold, among).add_columns(bound.label("bound"))
            found = list((await self.connection.execute(statement)).all())
            if len(found) > asked.limit and found[-1].revenue > found[-1].bound:
                return found
        statement = _of_page(asked, sold, _ranked(asked, sold))
        return list((await self.connection.execute(statement)).all())

    async def products_ranked(
        self, asked: AbcAnalysis, zone: ZoneInfo, now: datetime
    ) -> Sequence[Row[Any]]:
        """A page of products, and one more. ``value``: what they are ranked by; ``before``: what
        the greater ones come to; ``total``: what all do, of both only what is above nought; then
        ``product_id, quantity, revenue, cost`` and, of the months in which it was sold,
        ``squares``: the sum of the squares of the quantities."""
        sold = await self._sold("product", asked, zone, now)
        page = _once(_places(asked, _once(_valued(asked, sold), "valued")), "page")
        by_month = replace(sold, parts=spans(sold.period, zone, coarsest=MONTH))
        rows = by_month.of(select(page.c.key)).c
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

    async def _sold(
        self, by: MarginBy, asked: Margin | AbcAnalysis, zone: ZoneInfo, now: datetime
    ) -> _Sold:
        period = widened(asked.period, zone, *await self.sold_between(), now)
        where = {"station_id": asked.station_id, "section_id": asked.section_id}
        return _Sold(by, period, spans(period, zone), zone, where)


def _of_page(asked: Margin, sold: _Sold, ranked: Subquery) -> Select[Any]:
    page = _once(_page_of(asked, ranked), "page")
    return _figures(asked.by, page, sold.of(_meant_by(page, asked.by)))


def _figures(by: MarginBy, page: CTE, rows: FromClause) -> Select[Any]:
    figures = (func.max(rows.c.name).label("name"), *sums_of(rows.c))
    added = _once(_grouped(by, rows.c, *figures))
    return (
        select(page.c.revenue, added)
        .join(added, and_(page.c.key == added.c.key, page.c.own_words == added.c.own_words))
        .order_by(*(each.desc() for each in page.c))
    )


def _likely(sold: _Sold, years: Years) -> tuple[CTE, ColumnElement[Decimal]]:
    """Keys that may be the greatest in some months of a few years, and a bound: nobody else has
    brought more. What was brought in some months is no more than in all of their years, unless
    there is less than nothing in the other months: whoever has that is among the keys."""
    moved = sold.moved()
    others = select(sales_sums.c.key).where(
        or_(false(), *(and_(*sold.unmoved((MONTH, day), moved)) for day in years.others)),
        sales_sums.c.revenue < 0,
    )
    keys = [select(moved.c.key), others]
    bound: ColumnElement[Decimal] = literal(Decimal(0))
    for day in years.first_days:
        order = (sales_sums.c.revenue, sales_sums.c.key, sales_sums.c.name)
        beginning = _once(
            select(sales_sums.c.revenue, sales_sums.c.key)
            .where(*sold.unmoved((YEAR, day), moved))
            .order_by(*(each.desc() for each in order))
            .limit(DEEP),
            f"of_{day.year}",
        )
        keys.append(select(beginning.c.key))
        last = select(func.min(beginning.c.revenue)).having(func.count() == DEEP)
        bound += func.greatest(func.coalesce(last.scalar_subquery(), 0), 0)
    return _once(select(union(*keys).subquery().c[0].label("key")), "likely"), bound


def _ranked(asked: Margin, sold: _Sold) -> Subquery:
    """``revenue, key, own_words``, of as many as a page may show or more."""
    if not (stretch := sold.in_one_stretch()):
        return _added_up(asked.by, sold.of())
    moved = sold.moved()
    unmoved = select(
        sales_sums.c.revenue, sales_sums.c.key, sales_sums.c.name.label("own_words")
    ).where(*sold.unmoved(stretch, moved))
    beside = _added_up(asked.by, sold.of(_meant_by(moved, asked.by)))
    return union_all(_page_of(asked, unmoved.subquery()), select(beside)).subquery("ranked")


def _added_up(by: MarginBy, rows: FromClause) -> Subquery:
    """``revenue, key, own_words``."""
    added_up = _grouped(by, rows.c, func.sum(rows.c.revenue).label("revenue")).subquery().c
    return select(added_up.revenue, added_up.key, added_up.own_words).subquery("added_up")


def _page_of(asked: Margin, ranked: Subquery) -> Select[Any]:
    """One more than a page, the greatest revenue first."""
    order = tuple(ranked.c)
    places = select(ranked).order_by(*(each.desc() for each in order)).limit(asked.limit + 1)
    if asked.cursor:
        revenue, last_key, name = keys_of(asked.cursor, tuple[Decimal, UUID, str])
        after = (literal(revenue), literal(last_key, Uuid), literal(name, Text))
        places = places.where(tuple_(*order) < tuple_(*after))
    return places


def _valued(asked: AbcAnalysis, sold: _Sold) -> Select[Any]:
    """``key, value`` of every product."""

    def measure(rows: Any) -> Any:
        net = rows.revenue - rows.vat
        return {"revenue": net, "margin": net - rows.cost, "quantity": rows.quantity}[asked.by]

    def added_up(rows: Any) -> Select[Any]:
        value = func.sum(measure(rows)).label("value")
        return select(rows.key, value).where(rows.key != NOBODY).group_by(rows.key)

    if not (stretch := sold.in_one_stretch()):
        return added_up(sold.of().c)
    moved = sold.moved()
    unmoved = select(sales_sums.c.key, measure(sales_sums.c).label("value")).where(
        *sold.unmoved(stretch, moved), sales_sums.c.key != NOBODY
    )
    beside = added_up(sold.of(select(moved.c.key)).c)
    return select(union_all(unmoved, beside).subquery())


def first_place(asked: AbcAnalysis) -> int:
    """Of the page, counted from 0. Raises ``Refused("cursor_invalid")``."""
    return keys_of(asked.cursor, tuple[_Position])[0] if asked.cursor else 0


def _places(asked: AbcAnalysis, valued: CTE) -> Select[Any]:
    """``key, value, before, total``, one more than a page. Only the first places are put in order:
    as many as the page ends with."""
    first = first_place(asked)
    order = (valued.c.value.desc(), valued.c.key)
    leading = select(valued).order_by(*order).limit(first + asked.limit + 1).subquery("leading").c
    order = (leading.value.desc(), leading.key)
    counted = func.greatest(leading.value, 0)
    until = func.sum(counted).over(order_by=order, rows=(None, 0))
    total = select(func.sum(func.greatest(valued.c.value, 0))).scalar_subquery()
    return (
        select(
            leading.key,
            leading.value,
            (until - counted).label("before"),
            total.label("total"),
        )
        .order_by(*order)
        .offset(first)
    )


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


def _grouped(by: MarginBy, rows: Any, *added: ColumnElement[Any]) -> Select[Any]:
    """``key, own_words`` and what is added up under them."""
    key, own_words = _known_by(by, rows)
    groups = (key, own_words) if by in _IN_OWN_WORDS else (key,)
    return select(key.label("key"), own_words.label("own_words"), *added).group_by(*groups)


def _meant_by(page: FromClause, by: MarginBy) -> Any:
    """The keys of all that is shown on a page."""
    shown = select(page.c.key)
    if by == "client":
        merged = select(accounts.c.client_id).where(_IS_MERGED, accounts.c.merged_into.in_(shown))
        return select(union_all(shown, merged).subquery().c.key)
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
