"""A period is made of months, days and parts of days: all of it, and nothing twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.base import Period
from shared.rollups import Range, Spans, spans

MOSCOW = ZoneInfo("Europe/Moscow")
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
    return (
        sum(lies_in(day.replace(day=1), each) for each in parts.months)
        + sum(lies_in(day, each) for each in parts.days)
        + sum(start <= at < end for start, end in parts.edges)
    )


def lies_in(day: date, some: Range) -> bool:
    return (some.start is None or some.start <= day) and (some.end is None or day < some.end)


@settings(deadline=None)
@given(start=borders, end=borders, at=instants, zone=zones, by_day=st.booleans())
def test_every_instant_of_a_period_is_counted_once_and_no_other(
    start: datetime | None, end: datetime | None, at: datetime, zone: ZoneInfo, by_day: bool
) -> None:
    parts = spans(Period(start=start, end=end), zone, by_day=by_day)

    # The borders themselves are where mistakes are made.
    for moment in (at, *(each + timedelta(0) for each in (start, end) if each)):
        lies_within = (start is None or start <= moment) and (end is None or moment < end)
        assert times_counted(moment, parts, zone) == int(lies_within)


def test_a_year_is_its_months() -> None:
    year = Period(
        start=datetime(2024, 1, 1, tzinfo=MOSCOW), end=datetime(2025, 1, 1, tzinfo=MOSCOW)
    )

    assert spans(year, MOSCOW) == Spans(months=(Range(date(2024, 1, 1), date(2025, 1, 1)),))
    assert spans(year, MOSCOW, by_day=True).days == (Range(date(2024, 1, 1), date(2025, 1, 1)),)
