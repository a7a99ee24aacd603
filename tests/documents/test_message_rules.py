"""Consent, quiet hours, caps and what still holds: rules alone, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.documents.domain.message_rules import (
    Go,
    QuietHours,
    SendingRules,
    Skip,
    Wait,
    address_of,
    before_sending,
    day_start,
    due_at,
    hindrance,
    quiet_until,
    standing,
)
from services.documents.domain.part_answers import PartAnswer, heard, noted
from services.documents.domain.sms import measured
from shared.contracts.inventory import StockAnswer
from shared.contracts.messages import Delay, Fact
from shared.contracts.work_order import WorkOrder
from tests.documents.message_builders import (
    NOON,
    a_client,
    a_message,
    a_queued_message,
    agreed,
    an_order,
    with_approvals,
    with_parts,
)

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
"""A station whose clocks change."""
NIGHT = QuietHours(time(21), time(9))


def berlin(year: int, month: int, day: int, hour: int, minute: int = 0, fold: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN, fold=fold).astimezone(UTC)


# --- consent -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("client", "channel", "kind", "expected"),
    [
        (a_client(), "sms", "service", None),
        (a_client(), "email", "service", None),
        (a_client(phones=()), "sms", "service", "no_address"),
        (a_client(email=None), "email", "service", "no_address"),
        (a_client(consents=agreed()), "sms", "service", "no_consent"),
        (a_client(consents=agreed("email")), "sms", "service", "no_consent"),
        (a_client(consents=agreed("sms")), "email", "service", "no_consent"),
        (a_client(), "sms", "marketing", "no_marketing_consent"),
        (a_client(consents=agreed("marketing")), "sms", "marketing", "no_consent"),
        (a_client(consents=agreed("sms", "marketing")), "sms", "marketing", None),
    ],
)
def test_client_is_written_to_only_as_agreed(
    client: object, channel: str, kind: str, expected: str | None
) -> None:
    assert hindrance(client, channel, kind) == expected  # type: ignore[arg-type]


def test_mobile_is_preferred_to_the_phone_at_home() -> None:
    assert address_of(a_client(phones=("+74955550304", "+79165550102")), "sms") == "+79165550102"
    assert address_of(a_client(phones=("+74955550304",)), "sms") == "+74955550304"


def test_nothing_is_sent_to_a_desk_behind_an_extension() -> None:
    desk = "+79165550102;ext=12"
    assert address_of(a_client(phones=(desk, "+74955550304")), "sms") == "+74955550304"
    assert hindrance(a_client(phones=(desk,)), "sms", "service") == "no_address"


# --- quiet hours -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (berlin(2026, 3, 2, 20, 59), berlin(2026, 3, 2, 20, 59)),
        (berlin(2026, 3, 2, 21, 0), berlin(2026, 3, 3, 9, 0)),
        (berlin(2026, 3, 2, 23, 59), berlin(2026, 3, 3, 9, 0)),
        (berlin(2026, 3, 3, 0, 0), berlin(2026, 3, 3, 9, 0)),
        (berlin(2026, 3, 3, 8, 59), berlin(2026, 3, 3, 9, 0)),
        (berlin(2026, 3, 3, 9, 0), berlin(2026, 3, 3, 9, 0)),
        # The night in which an hour is missing, and the one that has an hour twice.
        (berlin(2026, 3, 28, 22, 0), berlin(2026, 3, 29, 9, 0)),
        (berlin(2026, 10, 24, 22, 0), berlin(2026, 10, 25, 9, 0)),
    ],
)
def test_message_of_the_night_waits_for_the_morning_by_the_stations_clock(
    now: datetime, expected: datetime
) -> None:
    assert quiet_until(now, NIGHT, BERLIN) == expected


def test_night_without_an_hour_is_an_hour_shorter() -> None:
    def length(day: int, month: int) -> timedelta:
        evening = berlin(2026, month, day, 21)
        return quiet_until(evening, NIGHT, BERLIN) - evening

    assert length(27, 3) == timedelta(hours=12)
    assert length(28, 3) == timedelta(hours=11)
    assert length(24, 10) == timedelta(hours=13)


def test_end_that_the_clocks_jump_over_is_right_after_the_jump() -> None:
    hours = QuietHours(time(22), time(2, 30))
    until = quiet_until(berlin(2026, 3, 29, 1, 0), hours, BERLIN)
    assert berlin(2026, 3, 29, 3, 0) <= until <= berlin(2026, 3, 29, 3, 30)


def test_end_that_the_clocks_show_twice_is_the_one_still_to_come() -> None:
    hours = QuietHours(time(22), time(2, 30))
    assert quiet_until(berlin(2026, 10, 25, 2, 10), hours, BERLIN) == berlin(2026, 10, 25, 2, 30)
    second = berlin(2026, 10, 25, 2, 10, fold=1)
    assert quiet_until(second, hours, BERLIN) == berlin(2026, 10, 25, 2, 30, fold=1)


def test_hours_within_a_day_do_not_reach_over_midnight() -> None:
    noon = QuietHours(time(13), time(14))
    assert quiet_until(berlin(2026, 3, 2, 13, 30), noon, BERLIN) == berlin(2026, 3, 2, 14)
    assert quiet_until(berlin(2026, 3, 2, 23), noon, BERLIN) == berlin(2026, 3, 2, 23)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    st.times(),
    st.times(),
    st.sampled_from(["Europe/Berlin", "Europe/Moscow", "Australia/Lord_Howe", "America/St_Johns"]),
)
def test_whatever_is_waited_for_is_not_quiet_and_less_than_a_day_and_an_hour_off(
    now: datetime, start: time, end: time, zone_name: str
) -> None:
    zone, hours = ZoneInfo(zone_name), QuietHours(start, end)
    until = quiet_until(now, hours, zone)
    assert now <= until <= now + timedelta(hours=26)
    assert not hours.hold(until.astimezone(zone).time())


# --- before sending ----------------------------------------------------------------------------

RULES = SendingRules(MOSCOW, NIGHT, client_cap=2, station_cap=10)
MIDNIGHT = datetime(2026, 3, 2, 21, 0, tzinfo=UTC)
"""Of Moscow, between 2 and 3 March."""


def decided(now: datetime = NOON, mine: int = 0, everyone: int = 0, **fields: object) -> object:
    return before_sending(
        a_queued_message(**fields),
        a_client(),
        RULES,
        now,
        client_today=mine,
        station_today=everyone,
    )


def test_nothing_in_the_way_it_goes() -> None:
    assert decided() == Go()


def test_consent_is_looked_at_once_more_before_every_attempt() -> None:
    silent = a_client(consents=agreed())
    decision = before_sending(
        a_queued_message(), silent, RULES, NOON, client_today=0, station_today=0
    )
    assert decision == Skip("no_consent")


def test_urgent_message_goes_at_night_and_no_other() -> None:
    night = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
    assert decided(night) == Wait(datetime(2026, 3, 3, 6, 0, tzinfo=UTC), "quiet_hours")
    assert decided(night, urgent=True) == Go()


def test_third_message_of_a_day_waits_for_the_next_one() -> None:
    assert decided(mine=1) == Go()
    assert decided(mine=2) == Wait(MIDNIGHT, "client_cap")
    assert decided(mine=2, urgent=True) == Wait(MIDNIGHT, "client_cap")
    assert decided(everyone=10) == Wait(MIDNIGHT, "station_cap")


def test_another_try_of_todays_message_is_not_another_message() -> None:
    assert decided(mine=2, claimed_at=NOON - timedelta(hours=1)) == Go()
    assert isinstance(decided(mine=2, claimed_at=NOON - timedelta(days=1)), Wait)


def test_day_of_a_cap_is_the_stations() -> None:
    assert day_start(MIDNIGHT - timedelta(seconds=1), MOSCOW) == MIDNIGHT - timedelta(days=1)
    assert day_start(MIDNIGHT, MOSCOW) == MIDNIGHT
    long_day = berlin(2026, 10, 25, 12)
    assert day_start(long_day, BERLIN, days=1) - day_start(long_day, BERLIN) == timedelta(hours=25)


# --- when it is due ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact_at", "delay", "expected"),
    [
        (berlin(2026, 1, 31, 18), Delay(months=1), berlin(2026, 2, 28, 18)),
        (berlin(2026, 8, 31, 18), Delay(months=6), berlin(2027, 2, 28, 18)),
        (berlin(2026, 12, 15, 10), Delay(months=13), berlin(2028, 1, 15, 10)),
        (berlin(2026, 3, 20, 18), Delay(days=14), berlin(2026, 4, 3, 18)),
        (berlin(2026, 3, 28, 18), Delay(minutes=24 * 60), berlin(2026, 3, 29, 19)),
        (NOON, Delay(), NOON),
    ],
)
def test_delay_goes_by_the_calendar_and_keeps_the_time_of_day(
    fact_at: datetime, delay: Delay, expected: datetime
) -> None:
    assert due_at(fact_at, delay, BERLIN) == expected


# --- what still holds --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "order", "expected"),
    [
        ("by_hand", an_order(status="cancelled"), "holds"),
        ("order_opened", an_order(status="new"), "holds"),
        ("order_opened", an_order(status="cancelled"), "over"),
        ("order_ready", an_order(status="done", completion=1), "holds"),
        ("order_ready", an_order(status="in_progress", completion=1), "over"),
        ("order_ready", an_order(status="done", completion=2), "over"),
        ("next_visit", an_order(status="done", completion=1), "holds"),
        ("next_visit", an_order(status="done", completion=2), "over"),
        ("estimate_ready", with_approvals(an_order(), "quoted"), "holds"),
        ("estimate_ready", with_approvals(an_order(), "approved"), "over"),
        ("estimate_ready", with_approvals(an_order(status="done"), "quoted"), "over"),
        ("parts_arrived", with_parts(an_order(), "reserved"), "holds"),
        ("parts_arrived", with_parts(an_order(), "short"), "not_yet"),
        ("parts_arrived", with_parts(an_order(status="done"), "issued"), "over"),
        ("parts_arrived", an_order(products=(), materials=()), "over"),
        ("work_declined", with_approvals(an_order(status="done"), "declined"), "holds"),
        ("work_declined", with_approvals(an_order(), "approved"), "over"),
    ],
)
def test_message_says_only_what_is_true_when_it_goes(
    fact: Fact, order: WorkOrder, expected: str
) -> None:
    assert standing(a_message(fact=fact, completion=1), order) == expected


# --- what the warehouse said -------------------------------------------------------------------


def said(line: int, answer: int, short: int) -> StockAnswer:
    return StockAnswer.model_validate(
        {
            "line_id": UUID(int=line),
            "line_version": 1,
            "answer": answer,
            "product_id": UUID(int=99),
            "wanted": "4",
            "reserved": 4 - short,
            "short": short,
            "price": "100",
        }
    )


def told(*answers: tuple[StockAnswer, ...]) -> list[tuple[UUID, int]]:
    """The arrivals that these answers, in this order, come to."""
    known: dict[UUID, PartAnswer] = {}
    arrivals = []
    for lines in answers:
        arrival = heard(known, lines)
        known |= arrival.news
        if arrival.arrived:
            arrivals.append(arrival.arrived)
    return arrivals


SHORT, HERE = said(1, 1, short=2), said(1, 2, short=0)


def test_parts_that_were_there_at_once_do_not_arrive() -> None:
    assert told((said(1, 1, short=0),)) == []


def test_part_that_was_short_arrives_once_in_whatever_order_it_is_told() -> None:
    (arrival,) = told((SHORT,), (HERE,))
    assert told((SHORT,), (HERE,), (HERE,), (SHORT,)) == [arrival, arrival]
    assert told((HERE,), (SHORT,)) == [arrival]
    assert arrival == (UUID(int=1), 2)


def test_order_waits_for_its_last_part() -> None:
    other_short, other_here = said(2, 1, short=1), said(2, 2, short=0)
    assert told((SHORT, other_short), (HERE,)) == []
    assert len(told((SHORT, other_short), (HERE,), (other_here,))) == 1


def test_line_that_is_taken_off_is_waited_for_no_more_and_has_not_arrived() -> None:
    known = heard({}, (SHORT, said(2, 1, short=1))).news
    known = {**known, **noted(known, (said(2, 2, short=0),))}
    assert not any(answer.short for answer in known.values() if answer.answer == 2)
    assert heard(known, (HERE,)).arrived


def test_what_was_short_before_the_parts_came_back_has_not_arrived_however_late_it_is_told() -> (
    None
):
    back = noted({}, (HERE,))
    assert heard(back, (SHORT,)).arrived is None
    again, here = said(1, 3, short=1), said(1, 4, short=0)
    known = {**back, **heard(back, (again,)).news}
    assert heard(known, (here,)).arrived == (UUID(int=1), 4)


# --- what an SMS takes -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("", "gsm7", 1),
        ("a" * 160, "gsm7", 1),
        ("a" * 161, "gsm7", 2),
        ("a" * 306, "gsm7", 2),
        ("a" * 307, "gsm7", 3),
        ("€" * 80, "gsm7", 1),
        ("€" * 81, "gsm7", 2),
        # An escaped letter is not cut in two: 76 fit into 153 septets, with one left over.
        ("€" * 152, "gsm7", 2),
        ("€" * 153, "gsm7", 3),
        ("я" * 70, "ucs2", 1),
        ("я" * 71, "ucs2", 2),
        ("я" * 134, "ucs2", 2),
        ("я" * 135, "ucs2", 3),
        ("🚗" * 35, "ucs2", 1),
        ("🚗" * 36, "ucs2", 2),
        ("🚗" * 67, "ucs2", 3),
        ("a" * 69 + "я", "ucs2", 1),
    ],
)
def test_pieces_of_an_sms(text: str, encoding: str, segments: int) -> None:
    found = measured(text)
    assert (found.encoding, found.segments) == (encoding, segments)
    assert found.characters == len(text)
