"""Sums that reports answer from, kept by day, month, quarter and year, and how a period is made of
them.

A service writes, in the transaction of whatever a report counts, one small row that says "this is
not in the sums yet". A background task folds such rows into the sums, a bounded number at a time.
A report adds up whole years, quarters, months and days of the sums, what is not folded yet, and
the parts of days at the period's ends, all of it in one statement: so that it is exact at every
moment, and nobody who does business ever waits for a day's row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    FromClause,
    Numeric,
    Select,
    Table,
    and_,
    cast,
    column,
    delete,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    values,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.base import Page, Period
from shared.contracts.reconciliation import Difference

type Grain = Literal["year", "quarter", "month", "day"]
YEAR: Grain = "year"
QUARTER: Grain = "quarter"
MONTH: Grain = "month"
DAY: Grain = "day"
_FINER: tuple[Grain, ...] = (YEAR, QUARTER, MONTH, DAY)
GRAINS: FromClause = (
    values(column("grain", SqlText), name="grains")
    .data([(grain,) for grain in _FINER])
    .alias("grains")
)
"""All of them, to join what is folded with: every sum is kept by each."""


NAMED = 31
"""So many stretches are named one by one: the index finds what follows the day in each of them."""
DIFFERENCES_SHOWN = 100
"""Of very many sums that are not what they should be, the first."""


@dataclass(frozen=True, slots=True)
class Range:
    """Half open; null is unbounded."""

    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Spans:
    """A period as the sums know it: whole years, whole quarters, months and days beside them, and
    parts of days."""

    whole: tuple[tuple[Grain, Range], ...] = ()
    edges: tuple[tuple[datetime, datetime], ...] = ()


def spans(period: Period, zone: ZoneInfo, *, coarsest: Grain = YEAR) -> Spans:
    """The period in the days of the station's zone. ``coarsest``: of what the sums are to be."""
    start, end = period.start, period.end
    if start and end and start >= end:
        return Spans()
    first = _day_of(start, zone) if start else None
    last = _day_of(end, zone) if end else None
    edges: list[tuple[datetime, datetime]] = []
    if start and first and start > _midnight(first, zone):
        first += timedelta(days=1)
        edges.append((start, min(_midnight(first, zone), end) if end else _midnight(first, zone)))
    if end and last and end > _midnight(last, zone) and (first is None or first <= last):
        edges.append((_midnight(last, zone), end))
    if first and last and first >= last:
        return Spans(edges=tuple(edges))
    grains = _FINER[_FINER.index(coarsest) :]
    return Spans(tuple(_pieces(Range(first, last), grains)), tuple(edges))


def widened(
    period: Period, zone: ZoneInfo, first: datetime | None, latest: datetime | None, now: datetime
) -> Period:
    """The same of what is summed, in fewer pieces. What begins with a year, quarter or month and
    lasts beyond everything that has happened (between ``first`` and ``latest``) lasts until the end
    of its year, quarter or month; what has no beginning begins with the year of the first thing."""
    if first is None or latest is None or (period.end and period.end <= max(latest, now)):
        return period
    start = period.start or _midnight(_beginning(YEAR, _day_of(first, zone)), zone)
    for grain in (YEAR, QUARTER, MONTH):
        if start == _midnight(_beginning(grain, _day_of(start, zone)), zone):
            end = period.end or max(latest, now)
            last = _beginning(grain, _day_of(end - timedelta(microseconds=1), zone))
            return Period(start=start, end=_midnight(_after(grain, last), zone))
    return period


def one_stretch(parts: Spans) -> tuple[Grain, date] | None:
    """The year, quarter or month that a period's whole days are."""
    match parts.whole:
        case ((grain, Range(start=date() as start, end=date() as end)),) if (
            grain != DAY and _after(grain, start) == end
        ):
            return grain, start
    return None


def whole_months(parts: Spans) -> list[date]:
    """The first days of the months that a period is made of; none when it is not."""
    if parts.edges or any(grain == DAY or not each.end for grain, each in parts.whole):
        return []
    return [
        day
        for _, each in parts.whole
        if each.start and each.end
        for day in _stretches(MONTH, each.start, each.end)
    ]


def _pieces(days: Range, grains: Sequence[Grain]) -> Iterator[tuple[Grain, Range]]:
    """Whole stretches of the first grain, and those of the finer ones beside them."""
    grain, *finer = grains
    start = _beginning(grain, days.start) if days.start else None
    if days.start and start and start < days.start:
        start = _after(grain, start)
    end = _beginning(grain, days.end) if days.end else None
    if start and end and start >= end:
        if finer:
            yield from _pieces(days, finer)
        return
    if days.start and days.start != start:
        yield from _pieces(Range(days.start, start), finer)
    yield grain, Range(start, end)
    if days.end and days.end != end:
        yield from _pieces(Range(end, days.end), finer)


# --- the same in SQL -----------------------------------------------------------------------------


def summed(columns: Any, parts: Spans, named: int = NAMED) -> ColumnElement[bool]:
    """The rows of a table of sums (its ``grain`` and ``day``) that the period is made of.
    ``named``: so many stretches at most are named one by one; none where the index has them last.
    """
    return or_(
        false(),
        *(
            and_(columns.grain == constant(grain), *_days(columns.day, grain, each, named))
            for grain, each in parts.whole
        ),
    )


def _days(
    day: ColumnElement[date], grain: Grain, some: Range, named: int
) -> list[ColumnElement[bool]]:
    if some.start and some.end:
        stretches = list(islice(_stretches(grain, some.start, some.end), named + 1))
        if len(stretches) <= named:
            return [day.in_([constant(each, Date) for each in stretches])]
    return [
        *([day >= constant(some.start, Date)] if some.start else []),
        *([day < constant(some.end, Date)] if some.end else []),
    ]


def _stretches(grain: Grain, first: date, end: date) -> Iterator[date]:
    while first < end:
        yield first
        first = _after(grain, first)


def constant(value: Any, type_: Any = SqlText) -> ColumnElement[Any]:
    """Part of the statement itself, so that it is planned for that value. PostgreSQL plans a
    statement that comes often for any value, and a year is not read as a day is."""
    return literal(value, type_, literal_execute=True)


def at_the_edges(at: ColumnElement[datetime], parts: Spans) -> ColumnElement[bool]:
    """What happened in the parts of days at the period's ends."""
    return or_(false(), *(and_(at >= start, at < end) for start, end in parts.edges))


def in_whole_days(at: ColumnElement[datetime], parts: Spans, period: Period) -> ColumnElement[bool]:
    """What happened in the rest of the period: in the sums, or not folded yet."""
    if not parts.whole:
        return false()
    return and_(within(at, period), not_(at_the_edges(at, parts)))


def within(at: ColumnElement[datetime], period: Period) -> ColumnElement[bool]:
    return and_(
        at >= period.start if period.start else true(), at < period.end if period.end else true()
    )


def day_of(at: ColumnElement[datetime], zone: ZoneInfo) -> ColumnElement[date]:
    return cast(func.timezone(zone.key, at), Date)


def first_day(grain: ColumnElement[str], day: ColumnElement[date]) -> ColumnElement[date]:
    """The day under which a grain's sum is kept: its first one."""
    return cast(func.date_trunc(grain, cast(day, Date)), Date)


def bucket(name: str, day: ColumnElement[date]) -> ColumnElement[date]:
    """The first day of the day, week (Monday) or month that a day lies in."""
    return cast(func.date_trunc(literal(name), day), Date)


# --- folding, and reckoning anew -----------------------------------------------------------------


def adding(table: Table, sums: Select[Any]) -> Insert:
    """Adds sums, in the order of the table's keys and measures, to those that it has."""
    keys = [each.name for each in table.primary_key]
    measures = _measures_of(table)
    statement = _inserting(table, sums)
    return statement.on_conflict_do_update(
        index_elements=keys,
        set_={name: table.c[name] + statement.excluded[name] for name in measures},
    )


async def replace(
    connection: AsyncConnection, table: Table, sums: Select[Any], *together: CTE
) -> int:
    """Sums anew, in the order of the table's keys and measures, in place of those that it has:
    until the transaction ends everybody reads these. ``together``: what is done at the same moment
    as the sums are read. Answers how many there are."""
    await connection.execute(delete(table))
    return (await connection.execute(_inserting(table, sums).add_cte(*together))).rowcount


def _inserting(table: Table, sums: Select[Any]) -> Insert:
    keys = [each.name for each in table.primary_key]
    return insert(table).from_select([*keys, *_measures_of(table)], sums)


def _measures_of(table: Table) -> list[str]:
    """What is added up, but for what the database makes of it by itself."""
    keys = table.primary_key.columns
    return [each.name for each in table.columns if each.name not in keys and not each.computed]


async def differences_of(
    connection: AsyncConnection, table: Table, kept: FromClause, anew: FromClause, limit: int
) -> list[Any]:
    """Sums of ``table`` (as ``kept`` has them) that are not what is reckoned ``anew``: ``what, key,
    expected, actual``, at most ``limit``."""
    keys = [each.name for each in table.primary_key]
    both = kept.outerjoin(anew, and_(*(kept.c[key] == anew.c[key] for key in keys)), full=True)
    # Row by row, so that everything is reckoned once, however many measures there are.
    measured = (
        values(column("measure", SqlText), column("actual", Numeric), column("expected", Numeric))
        .data(
            [
                (f"{table.name}.{name}", *(func.coalesce(side.c[name], 0) for side in (kept, anew)))
                for name in _measures_of(table)
            ]
        )
        .lateral("measured")
    )
    statement = (
        select(
            measured.c.measure.label("what"),
            func.concat_ws(" ", *(func.coalesce(kept.c[key], anew.c[key]) for key in keys)).label(
                "key"
            ),
            measured.c.actual,
            measured.c.expected,
        )
        .select_from(both.join(measured, true()))
        .where(measured.c.actual != measured.c.expected)
        .limit(limit)
    )
    return list(await connection.execute(statement))


def page_of_differences(rows: Sequence[Any]) -> Page[Difference]:
    """Rows of ``differences_of``, or of their shape, as a service answers them."""
    return Page(
        items=tuple(
            Difference(
                what=row.what, key=row.key, expected=str(row.expected), actual=str(row.actual)
            )
            for row in rows
        )
    )


def _day_of(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _beginning(grain: Grain, day: date) -> date:
    """The first day of the year, quarter or month that it lies in, or itself."""
    match grain:
        case "year":
            return day.replace(month=1, day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "month":
            return day.replace(day=1)
        case "day":
            return day


def _after(grain: Grain, first: date) -> date:
    """The first day of the next."""
    longest = {YEAR: 366, QUARTER: 92, MONTH: 31, DAY: 1}
    return _beginning(grain, first + timedelta(days=longest[grain]))
