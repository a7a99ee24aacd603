"""Moments and days, in the station's own time zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from shared.formulas import operations, words
from shared.formulas.errors import FormulaError
from shared.formulas.functions.table import function
from shared.formulas.objects import View
from shared.formulas.values import Value

MAX_DAYS = 100_000
LAST_YEARS = (1900, 2200)


@function(
    "date", "x:date, format:text?", "text",
    ru="Дата для печати: dd.MM.yyyy, d MMMM y, HH:mm",
    en="A date as printed: dd.MM.yyyy, d MMMM y, HH:mm",
    example='date(DateTimeIn, "d MMMM y")',
)  # fmt: skip
def _date(view: View, x: datetime, pattern: str | None = None) -> Value:
    view.spend(20)
    return words.date(x, pattern or ("dd.MM.yyyy" if view.language == "ru" else "d MMM y"),
                      view.language)  # fmt: skip


@function(
    "now", "", "date",
    ru="Этот момент, по времени автосервиса", en="This moment, in the station's time zone",
    example='date(now(), "dd.MM.yyyy")',
)  # fmt: skip
def _now(view: View) -> Value:
    return view.at


@function(
    "today", "", "date",
    ru="Начало сегодняшнего дня автосервиса", en="The start of the station's day",
    example="days_between(DateTimeIn, today())",
)  # fmt: skip
def _today(view: View) -> Value:
    return view.at.replace(hour=0, minute=0, second=0, microsecond=0)


@function(
    "days_between", "start:date, end:date", "number",
    ru="Сколько календарных дней от одной даты до другой",
    en="How many calendar days from one date to the other",
    example="days_between(DateTimeIn, DateTimeOut)",
)  # fmt: skip
def _days_between(_: View, start: datetime, end: datetime | None) -> Value:
    return None if end is None else Decimal((end.date() - start.date()).days)


@function(
    "add_days", "x:date, days:number", "date",
    ru="Дата через столько дней, в то же время суток",
    en="The date so many days later, at the same time of day",
    example='date(add_days(DateTimeOut, 30), "dd.MM.yyyy")',
)  # fmt: skip
def _add_days(_: View, x: datetime, days: Decimal | None) -> Value:
    if days is None:
        return None
    try:
        moved = x + timedelta(days=operations.whole(days, MAX_DAYS))
    except OverflowError:
        raise FormulaError("date_out_of_range") from None
    if not LAST_YEARS[0] <= moved.year < LAST_YEARS[1]:
        raise FormulaError("date_out_of_range")
    return moved
