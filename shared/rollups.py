"""Sums that reports answer from, kept by day and by month, and how a period is made of them.

A service writes, in the transaction of whatever a report counts, one small row that says "this is
not in the sums yet". A background task folds such rows into the sums, a bounded number at a time.
A report adds up whole months and days of the sums, what is not folded yet, and the parts of days
at the period's ends, all of it in one statement: so that it is exact at every moment, and nobody
who does business ever waits for a day's row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Select,
    Table,
    and_,
    cast,
    column,
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

from shared.contracts.base import Period

DAY, MONTH = "day", "month"
GRAINS: FromClause = (
    values(column("grain", SqlText), name="grains").data([(DAY,), (MONTH,)]).alias("grains")
)
"""Both, to join what is folded with: every sum is kept by day and by month."""


@dataclass(frozen=True, slots=True)
class Range:
    """Half open; null is unbounded."""

    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Spans:
    """A period as the sums know it: whole months, whole days beside them, and parts of days."""

    months: tuple[Range, ...] = ()
    days: tuple[Range, ...] = ()
    edges: tuple[tuple[datetime, datetime], ...] = ()


def spans(period: Period, zone: ZoneInfo, *, by_day: bool = False) -> Spans:
    """The period in the days of the station's zone. ``by_day``: no months, every day by itself."""
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
    whole = Range(first, last)
    if by_day:
        return Spans(days=(whole,), edges=tuple(edges))
    months = Range(_next_month(first) if first else None, last.replace(day=1) if last else None)
    if months.start and months.end and months.start >= months.end:
        return Spans(days=(whole,), edges=tuple(edges))
    beside = [Range(first, months.start)] if first != months.start else []
    beside += [Range(months.end, last)] if last != months.end else []
    return Spans((months,), tuple(beside), tuple(edges))


# --- the same in SQL -----------------------------------------------------------------------------


def summed(columns: Any, parts: Spans) -> ColumnElement[bool]:
    """The rows of a table of sums (its ``grain`` and ``day``) that the period is made of."""
    ranges = [(MONTH, each) for each in parts.months] + [(DAY, each) for each in parts.days]
    return or_(
        false(),
        *(
            and_(
                columns.grain == grain,
                columns.day >= each.start if each.start else true(),
                columns.day < each.end if each.end else true(),
            )
            for grain, each in ranges
        ),
    )


def at_the_edges(at: ColumnElement[datetime], parts: Spans) -> ColumnElement[bool]:
    """What happened in the parts of days at the period's ends."""
    return or_(false(), *(and_(at >= start, at < end) for start, end in parts.edges))


def in_whole_days(at: ColumnElement[datetime], parts: Spans, period: Period) -> ColumnElement[bool]:
    """What happened in the rest of the period: in the sums, or not folded yet."""
    if not parts.months and not parts.days:
        return false()
    return and_(within(at, period), not_(at_the_edges(at, parts)))


def within(at: ColumnElement[datetime], period: Period) -> ColumnElement[bool]:
    return and_(
        at >= period.start if period.start else true(), at < period.end if period.end else true()
    )


def day_of(at: ColumnElement[datetime], zone: ZoneInfo) -> ColumnElement[date]:
    return cast(func.timezone(zone.key, at), Date)


def first_day(grain: ColumnElement[str], day: ColumnElement[date]) -> ColumnElement[date]:
    """The day under which a grain's sum is kept: the month's first, or the day itself."""
    return cast(func.date_trunc(grain, cast(day, Date)), Date)


def bucket(name: str, day: ColumnElement[date]) -> ColumnElement[date]:
    """The first day of the day, week (Monday) or month that a day lies in."""
    return cast(func.date_trunc(literal(name), day), Date)


# --- folding, and reckoning anew -----------------------------------------------------------------


def adding(table: Table, sums: Select[Any]) -> Insert:
    """Adds sums, in the order of the table's columns, to those that it has."""
    keys = [each.name for each in table.primary_key]
    statement = insert(table).from_select(table.columns.keys(), sums)
    return statement.on_conflict_do_update(
        index_elements=keys,
        set_={
            each.name: each + statement.excluded[each.name]
            for each in table.columns
            if each.name not in keys
        },
    )


async def differences_of(
    connection: AsyncConnection, table: Table, kept: FromClause, anew: FromClause, limit: int
) -> list[Any]:
    """Sums of ``table`` (as ``kept`` has them) that are not what is reckoned ``anew``: ``what, key,
    expected, actual``, at most ``limit``."""
    keys = [each.name for each in table.primary_key]
    both = kept.outerjoin(anew, and_(*(kept.c[key] == anew.c[key] for key in keys)), full=True)
    named = func.concat_ws(" ", *(func.coalesce(kept.c[key], anew.c[key]) for key in keys))
    found: list[Any] = []
    for measure in (each.name for each in table.columns if each.name not in keys):
        actual = func.coalesce(kept.c[measure], 0)
        expected = func.coalesce(anew.c[measure], 0)
        statement = (
            select(
                literal(f"{table.name}.{measure}").label("what"),
                named.label("key"),
                actual.label("actual"),
                expected.label("expected"),
            )
            .select_from(both)
            .where(actual != expected)
            .limit(limit - len(found))
        )
        found += (await connection.execute(statement)).all()
    return found


def _day_of(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _next_month(day: date) -> date:
    """The first of the month that begins on the day or after it."""
    return day if day.day == 1 else (day.replace(day=1) + timedelta(days=32)).replace(day=1)
