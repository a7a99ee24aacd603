"""Whether a work or part is under warranty on a day; no server needed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders.domain.warranty import Mileage, Standing, standing

MARCH_1 = date(2026, 3, 1)
UNKNOWN = Mileage(None, None)


def stands(
    days: int | None,
    km: int | None,
    today: date = MARCH_1,
    mileage: Mileage = UNKNOWN,
    done_mileage_km: int | None = 50_000,
) -> Standing:
    return standing(MARCH_1, done_mileage_km, days, km, today=today, mileage=mileage)


@pytest.mark.parametrize(
    ("today", "in_force", "remaining"),
    [
        (date(2026, 3, 1), "true", 30),
        (date(2026, 3, 31), "true", 0),
        (date(2026, 4, 1), "false", 0),
    ],
)
def test_the_last_day_still_counts(today: date, in_force: str, remaining: int) -> None:
    found = stands(30, None, today)
    assert found.expires_on == date(2026, 3, 31)
    assert (found.in_force, found.remaining_days) == (in_force, remaining)


@pytest.mark.parametrize(
    ("now", "in_force", "remaining"),
    [(50_000, "true", 1000), (51_000, "true", 0), (51_001, "false", 0)],
)
def test_the_last_kilometre_still_counts(now: int, in_force: str, remaining: int) -> None:
    found = stands(None, 1000, mileage=Mileage(now, None))
    assert found == Standing(None, 51_000, in_force, None, remaining)  # type: ignore[arg-type]


def test_whichever_comes_first_ends_it() -> None:
    far, near = Mileage(60_001, None), Mileage(50_001, None)
    assert stands(30, 10_000, mileage=far).in_force == "false"
    assert stands(30, 10_000, MARCH_1 + timedelta(31), near).in_force == "false"
    assert stands(30, 10_000, MARCH_1 + timedelta(30), near).in_force == "true"


@pytest.mark.parametrize(("days", "km"), [(None, None), (0, None), (0, 0), (None, 0)])
def test_no_days_and_no_kilometres_are_no_warranty(days: int | None, km: int | None) -> None:
    assert stands(days, km).in_force == "false"


def test_nobody_knows_without_the_mileage_of_now_or_of_the_start() -> None:
    assert stands(30, 1000).in_force == "unknown"
    assert stands(30, 1000, mileage=Mileage(50_100, None), done_mileage_km=None) == Standing(
        date(2026, 3, 31), None, "unknown", 30, None
    )


def test_an_old_reading_can_only_say_that_the_limit_is_passed() -> None:
    assert stands(None, 1000, mileage=Mileage(None, 50_900)).in_force == "unknown"
    assert stands(None, 1000, mileage=Mileage(None, 51_001)).in_force == "false"


def test_days_that_are_over_end_it_whatever_the_mileage() -> None:
    assert stands(30, 1000, MARCH_1 + timedelta(31)).in_force == "false"


limits = st.one_of(st.none(), st.integers(0, 1000))
readings = st.one_of(st.none(), st.integers(0, 2000))


@given(limits, limits, st.integers(0, 1200), readings, readings)
def test_it_is_in_force_only_while_no_limit_is_passed(
    days: int | None, km: int | None, passed_days: int, start_km: int | None, now_km: int | None
) -> None:
    found = standing(
        MARCH_1,
        start_km,
        days,
        km,
        today=MARCH_1 + timedelta(passed_days),
        mileage=Mileage(now_km, None),
    )
    by_days = None if not days else passed_days <= days
    can_tell = start_km is not None and now_km is not None
    by_km = None if not (km and can_tell) else now_km <= start_km + km  # type: ignore[operator]
    if not (days or km) or False in (by_days, by_km):
        assert found.in_force == "false"
    elif km and not can_tell:
        assert found.in_force == "unknown"
    else:
        assert found.in_force == "true"
