"""Working time: spans, weeks and holidays, clocks that are changed, and works laid over it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.orders.planning.bookings import Row, end_of, ensure_open, first_free
from services.orders.planning.hours import (
    DEFAULT_WEEK,
    Calendar,
    days_of,
    ensure_hours,
    ensure_week,
    instant,
)
from services.orders.planning.spans import (
    Span,
    common,
    holds,
    laid,
    length,
    merged,
    within,
    without,
)
from shared.contracts.load import OpeningHours, WeekdayHours
from shared.refusals import Refused

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
MONDAY = date(2026, 3, 2)


def every_day(opens: str, closes: str) -> tuple[WeekdayHours, ...]:
    return tuple(
        WeekdayHours(weekday=weekday, opens=opens, closes=closes) for weekday in range(1, 8)
    )


def at(hour: int, minute: int = 0, *, day: date = MONDAY, zone: ZoneInfo = MOSCOW) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


def a_span(start: int, end: int) -> Span:
    return Span(at(0) + start * MINUTE, at(0) + end * MINUTE)


def a_row(*usual: Span, away: tuple[Span, ...] = (), name: str = "Пост 1") -> Row:
    return Row(name, usual, away, "post_out_of_order", MOSCOW)


# --- spans, against sets of minutes ------------------------------------------------------------

LISTS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 12)).map(
        lambda drawn: a_span(drawn[0], drawn[0] + drawn[1])
    ),
    max_size=6,
)


def minutes_of(spans: list[Span]) -> set[int]:
    begin = at(0)
    return {
        minute
        for span in spans
        for minute in range((span.start - begin) // MINUTE, (span.end - begin) // MINUTE)
    }


@given(LISTS, LISTS)
def test_spans_are_added_cut_and_taken_away_as_sets_of_minutes_are(
    some: list[Span], others: list[Span]
) -> None:
    left, right = merged(some), merged(others)
    assert minutes_of(left) == minutes_of(some)
    assert all(one.end < other.start for one, other in pairwise(left))
    assert minutes_of(common(left, right)) == minutes_of(left) & minutes_of(right)
    assert minutes_of(without(left, right)) == minutes_of(left) - minutes_of(right)
    assert length(left) == len(minutes_of(left)) * MINUTE
    for window in others:
        assert minutes_of(list(within(left, window))) == minutes_of(left) & minutes_of([window])
        assert holds(left, window.start) == bool(
            minutes_of(left) & minutes_of([Span(window.start, window.start + MINUTE)])
        )


def test_spans_that_touch_do_not_meet() -> None:
    assert not a_span(0, 10).meets(a_span(10, 20))
    assert a_span(0, 11).meets(a_span(10, 20))


# --- the clock on the wall ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, date(2026, 3, 28), 24),
        (BERLIN, date(2026, 3, 29), 23),
        (BERLIN, date(2026, 10, 25), 25),
        (MOSCOW, date(2026, 3, 29), 24),
        (MOSCOW, date(2026, 10, 25), 24),
        # When Moscow still changed its clocks.
        (MOSCOW, date(2010, 3, 28), 23),
        (MOSCOW, date(2010, 10, 31), 25),
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(zone: ZoneInfo, day: date, hours: int) -> None:
    calendar = Calendar(zone, every_day("00:00", "24:00"))
    whole_day = calendar.day(day)
    assert whole_day.length == timedelta(hours=hours)
    assert calendar.open(whole_day) == [whole_day]
    assert days_of(whole_day, zone) == [day]


def test_opening_hours_follow_the_wall_clock_when_it_is_changed() -> None:
    calendar = Calendar(BERLIN, every_day("09:00", "18:00"))
    around = Span(at(0, day=date(2026, 3, 28), zone=BERLIN), at(0, day=date(2026, 3, 30)))
    saturday, sunday = calendar.open(around)
    assert (saturday.start.hour, sunday.start.hour) == (8, 7)
    assert saturday.length == sunday.length == timedelta(hours=9)


def test_a_time_that_the_clocks_jump_over_is_as_much_later() -> None:
    jumped = instant(date(2026, 3, 29), "02:30", BERLIN)
    assert jumped == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert jumped.astimezone(BERLIN).hour == 3
    twice = instant(date(2026, 10, 25), "02:30", BERLIN)
    assert twice == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    # Hours that the jump swallows are no hours.
    calendar = Calendar(BERLIN, every_day("02:30", "03:30"))
    assert calendar.open(calendar.day(date(2026, 3, 29))) == []


def test_a_night_shift_is_one_stretch_over_midnight() -> None:
    week = (*every_day("20:00", "24:00"), *every_day("00:00", "04:00"))
    night = Calendar(MOSCOW, week).open(Span(at(18), at(12, day=MONDAY + timedelta(1))))
    assert night == [Span(at(20), at(4, day=MONDAY + timedelta(1)))]


def test_holidays_are_closed_or_have_hours_of_their_own() -> None:
    tuesday = MONDAY + timedelta(1)
    special = {MONDAY: (), tuesday: (OpeningHours(opens="10:00", closes="14:00"),)}
    calendar = Calendar(MOSCOW, every_day("09:00", "18:00"), special)
    window = Span(at(0), at(0, day=MONDAY + timedelta(2)))
    assert calendar.open(window) == [Span(at(10, day=tuesday), at(14, day=tuesday))]
    own = every_day("12:00", "20:00")
    # Whoever has a week of the own works while the station does.
    assert calendar.open(window, own) == [Span(at(12, day=tuesday), at(14, day=tuesday))]
    assert calendar.open(window, ()) == []


def test_nobody_works_on_sundays_until_the_station_says_so() -> None:
    sunday = MONDAY - timedelta(1)
    calendar = Calendar(MOSCOW, DEFAULT_WEEK)
    assert calendar.open(calendar.day(sunday)) == []
    assert calendar.open(calendar.day(MONDAY)) == [Span(at(9), at(20))]


@pytest.mark.parametrize(
    "hours",
    [(("09:00", "09:00"),), (("18:00", "09:00"),), (("09:00", "13:00"), ("12:59", "18:00"))],
)
def test_hours_that_cannot_be_are_refused(hours: tuple[tuple[str, str], ...]) -> None:
    said = [OpeningHours(opens=opens, closes=closes) for opens, closes in hours]
    with pytest.raises(Refused, match="hours_invalid"):
        ensure_hours(said, "1")
    with pytest.raises(Refused, match="hours_invalid"):
        ensure_week(WeekdayHours(weekday=3, **each.model_dump()) for each in said)


def test_hours_with_a_break_and_the_same_hours_of_other_days_are_well() -> None:
    ensure_week((*every_day("09:00", "13:00"), *every_day("13:00", "24:00")))


# --- works laid over working time, against counting minute by minute ----------------------------

CLOCKS = st.tuples(st.integers(0, 23), st.sampled_from((0, 30))).map(
    lambda drawn: f"{drawn[0]:02}:{drawn[1]:02}"
)
DAY_HOURS = st.tuples(CLOCKS, CLOCKS).filter(lambda pair: pair[0] < pair[1])
WEEKS = st.lists(st.tuples(st.integers(1, 7), DAY_HOURS), min_size=1, max_size=5)


def is_open(
    moment: datetime, week: list[tuple[int, tuple[str, str]]], closed: set[date], zone: ZoneInfo
) -> bool:
    """By the clock on the wall at that minute, and by nothing else."""
    local = moment.astimezone(zone)
    clock = f"{local:%H:%M}"
    return local.date() not in closed and any(
        weekday == local.isoweekday() and opens <= clock < closes
        for weekday, (opens, closes) in week
    )


@settings(max_examples=60, deadline=None)
@given(
    week=WEEKS,
    closed=st.sets(st.integers(0, 9), max_size=3),
    start=st.integers(0, 4 * 24 * 4),
    effort=st.integers(1, 16 * 60),
    zone=st.sampled_from((BERLIN, MOSCOW)),
    # A month without and two with a change of clocks, at 3 o'clock in the night.
    first=st.sampled_from((date(2026, 6, 1), date(2026, 3, 26), date(2026, 10, 22))),
)
def test_a_work_ends_when_its_minutes_are_counted(
    week: list[tuple[int, tuple[str, str]]],
    closed: set[int],
    start: int,
    effort: int,
    zone: ZoneInfo,
    first: date,
) -> None:
    holidays = {first + timedelta(number) for number in closed}
    # The two readings of an hour that the clocks repeat or leave out are tested above.
    week = [each for each in week if not _touches_the_change(each[1])] or [(1, ("09:00", "18:00"))]
    calendar = Calendar(
        zone,
        [WeekdayHours(weekday=day, opens=opens, closes=closes) for day, (opens, closes) in week],
        dict.fromkeys(holidays, ()),
    )
    begins = at(0, day=first, zone=zone) + start * 15 * MINUTE
    window = Span(begins, begins + timedelta(days=10))
    end = laid(effort * MINUTE, begins, calendar.open(window))

    left, moment = effort, begins
    while left and moment < window.end:
        left -= is_open(moment, week, holidays, zone)
        moment += MINUTE
    assert end == (None if left else moment)


def _touches_the_change(hours: tuple[str, str]) -> bool:
    return any("01:00" < clock < "04:00" for clock in hours)


def test_overtime_knows_no_closed_hours() -> None:
    row = a_row(Span(at(9), at(10)))
    assert end_of(2 * 60 * MINUTE, at(9, 30), [row], overtime=True) == at(11, 30)
    with pytest.raises(Refused, match="period_too_long"):
        end_of(2 * 60 * MINUTE, at(9, 30), [row], overtime=False)


def test_a_booking_begins_and_ends_while_somebody_works() -> None:
    tuesday = MONDAY + timedelta(1)
    row = a_row(Span(at(9), at(18)), Span(at(9, day=tuesday), at(18, day=tuesday)))
    over_the_night = Span(at(17), at(10, day=tuesday))
    ensure_open(over_the_night, [row], overtime=False)
    ensure_open(Span(at(9), at(18)), [row], overtime=False)
    for wrong in (Span(at(8, 59), at(10)), Span(at(17), at(18, 1)), Span(at(19), at(20))):
        with pytest.raises(Refused, match="outside_working_hours") as refusal:
            ensure_open(wrong, [row], overtime=False)
        ensure_open(wrong, [row], overtime=True)
        assert refusal.value.params["who"] == "Пост 1"
    assert refusal.value.params["at"] == "2026-03-02 19:00"


def test_overtime_does_not_bring_back_who_is_away() -> None:
    row = a_row(Span(at(9), at(18)), away=(Span(at(12), at(14)),))
    for overtime in (False, True):
        for wrong in (Span(at(12), at(15)), Span(at(11), at(13)), Span(at(11), at(14))):
            with pytest.raises(Refused, match="post_out_of_order"):
                ensure_open(wrong, [row], overtime=overtime)
        ensure_open(Span(at(10), at(12)), [row], overtime=overtime)
        ensure_open(Span(at(10), at(15)), [row], overtime=overtime)


# --- the first free time -----------------------------------------------------------------------


def test_a_work_goes_where_it_fits_whole_between_others() -> None:
    post = a_row(Span(at(9), at(18)))
    technician = a_row(Span(at(10), at(18)), away=(Span(at(16), at(17)),), name="Петров")
    busy = [Span(at(10, 30), at(12)), Span(at(13), at(15))]
    rows = [post, technician]
    found = first_free(30 * MINUTE, rows, busy, at(9))
    assert found == Span(at(10), at(10, 30))
    assert first_free(60 * MINUTE, rows, busy, at(9)) == Span(at(12), at(13))
    # An absence interrupts a work, somebody else's booking does not.
    assert first_free(120 * MINUTE, rows, busy, at(9)) == Span(at(15), at(18))
    assert first_free(121 * MINUTE, rows, busy, at(9)) is None
    assert first_free(30 * MINUTE, rows, busy, at(12, 45)) == Span(at(15), at(15, 30))


@given(LISTS, LISTS, st.integers(1, 20), st.integers(0, 70))
def test_the_first_free_time_is_the_first_that_counting_finds(
    usual: list[Span], busy: list[Span], effort: int, earliest: int
) -> None:
    opened, taken = minutes_of(usual), minutes_of(busy)
    expected: tuple[int, int] | None = None
    for start in sorted(minute for minute in opened - taken if minute >= earliest):
        worked = [minute for minute in sorted(opened) if minute >= start][:effort]
        if len(worked) == effort and not taken & set(range(start, worked[-1] + 1)):
            expected = (start, worked[-1] + 1)
            break
    found = first_free(effort * MINUTE, [a_row(*merged(usual))], busy, at(0) + earliest * MINUTE)
    assert found == (expected and a_span(*expected))
