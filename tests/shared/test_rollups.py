"""A period is made of months, days and parts of days: all of it, and nothing twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.base import Period
from shared.rollups import Grain, Range, Spans, one_stretch, spans, widened

MOSCOW = ZoneInfo("Europe/Moscow")
GRAINS: tuple[Grain, ...] = ("year", "quarter", "month", "day")
zones = st.sampled_from([MOSCOW, ZoneInfo("Asia/Kolkata"), ZoneInfo("Europe/Berlin"), UTC])
instants = st.datetimes(datetime(2024, 1, 1), datetime(2025, 6, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)
midnights = instants.map(
    lambda moment: moment.astimezone(MOSCOW).replace(hour=0, minute=0, second=0, microsecond=0)
)
borders = st.none() | instants | midnights


def times_counted(at: datetime, parts: Spans, zone: ZoneInfo) -> int:
    day = at.astimezone(zone).date()
    first: dict[Grain, date] = {
        "year": day.replace(month=1, day=1),
        "quarter": day.replace(month=(1, 4, 7, 10)[(day.month - 1) // 3], day=1),
        "month": day.replace(day=1),
        "day": day,
    }
    return sum(lies_in(first[grain], each) for grain, each in parts.whole) + sum(
        start <= at < end for start, end in parts.edges
    )


def lies_in(day: date, some: Range) -> bool:
    return (some.start is None or some.start <= day) and (some.end is None or day < some.end)


@settings(deadline=None)
@given(start=borders, end=borders, at=instants, zone=zones, coarsest=st.sampled_from(GRAINS))
def test_every_instant_of_a_period_is_counted_once_and_no_other(
    start: datetime | None, end: datetime | None, at: datetime, zone: ZoneInfo, coarsest: Grain
) -> None:
    parts = spans(Period(start=start, end=end), zone, coarsest=coarsest)

    # The borders themselves are where mistakes are made.
    for moment in (at, *(each + timedelta(0) for each in (start, end) if each)):
        lies_within = (start is None or start <= moment) and (end is None or moment < end)
        assert times_counted(moment, parts, zone) == int(lies_within)


@settings(deadline=None)
@given(start=borders, end=borders, happened=st.lists(instants, min_size=1), now=instants)
def test_a_widened_period_has_all_that_has_happened_in_it_and_no_more(
    start: datetime | None, end: datetime | None, happened: list[datetime], now: datetime
) -> None:
    period = Period(start=start, end=end)
    wide = widened(period, MOSCOW, min(happened), max(happened), now)

    for moment in happened:
        assert lies_within(moment, wide) == lies_within(moment, period)


def lies_within(moment: datetime, period: Period) -> bool:
    begun = period.start is None or period.start <= moment
    return begun and (period.end is None or moment < period.end)


def test_the_year_the_quarter_and_the_month_until_today_are_one_sum_each() -> None:
    now = datetime(2024, 11, 28, 15, tzinfo=MOSCOW)
    today = now.replace(hour=0) + timedelta(days=1)

    def stretch(start: datetime | None, end: datetime | None) -> tuple[Grain, date] | None:
        wide = widened(Period(start=start, end=end), MOSCOW, now - timedelta(days=9), now, now)
        return one_stretch(spans(wide, MOSCOW))

    first = datetime(2024, 1, 1, tzinfo=MOSCOW)
    assert stretch(first, today) == stretch(None, None) == ("year", date(2024, 1, 1))
    assert stretch(first.replace(month=11), today) == ("month", date(2024, 11, 1))
    assert stretch(first.replace(month=10), today) == ("quarter", date(2024, 10, 1))
    assert stretch(first, now) is stretch(first.replace(month=9), today) is None
    assert stretch(first.replace(month=11, day=2), today) is None


def test_a_year_is_one_sum_and_what_lies_beside_it_is_in_quarters_months_and_days() -> None:
    first, last = date(2024, 1, 1), date(2025, 1, 1)
    year = Range(first, last)

    assert whole(first, last) == (("year", year),)
    assert whole(first, last, "month") == (("month", year),)
    assert whole(first, date(2024, 7, 1)) == (("quarter", Range(first, date(2024, 7, 1))),)
    assert whole(first, last, "day") == (("day", year),)
    assert whole(date(2023, 8, 31), date(2025, 2, 3)) == (
        ("day", Range(date(2023, 8, 31), date(2023, 9, 1))),
        ("month", Range(date(2023, 9, 1), date(2023, 10, 1))),
        ("quarter", Range(date(2023, 10, 1), first)),
        ("year", year),
        ("month", Range(last, date(2025, 2, 1))),
        ("day", Range(date(2025, 2, 1), date(2025, 2, 3))),
    )
    assert spans(Period(), MOSCOW) == Spans((("year", Range(None, None)),))


def whole(first: date, last: date, coarsest: Grain = "year") -> tuple[tuple[Grain, Range], ...]:
    start, end = (datetime.combine(day, time(), MOSCOW) for day in (first, last))
    parts = spans(Period(start=start, end=end), MOSCOW, coarsest=coarsest)
    assert parts.edges == ()
    return parts.whole
