"""How long one waits after failed sign-ins: pure arithmetic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.throttling import (
    FORGOTTEN_AFTER,
    RULES,
    Failures,
    Rule,
    link,
    seconds_to_wait,
    subjects,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_the_wait_doubles_after_the_free_failures_up_to_the_longest() -> None:
    rule = Rule(free=3, longest_s=10)
    assert [rule.wait_s(failures) for failures in range(10)] == [0, 0, 0, 0, 1, 2, 4, 8, 10, 10]


@given(st.sampled_from(list(RULES.values())), st.integers(0, 10**9))
def test_the_wait_never_shrinks_with_more_failures_and_is_never_endless(
    rule: Rule, failures: int
) -> None:
    assert 0 <= rule.wait_s(failures) <= rule.wait_s(failures + 1) <= rule.longest_s


def test_the_longest_of_all_waits_counts() -> None:
    address, login, place = subjects("anna", "10.0.0.7")
    known = [
        Failures(address, RULES["address"].free + 3, NOW),
        Failures(login, 1, NOW),
        Failures(place, RULES["place"].free + 2, NOW),
    ]
    assert seconds_to_wait(known, NOW) == 4
    assert seconds_to_wait(known, NOW + timedelta(seconds=3.5)) == 1
    assert seconds_to_wait(known, NOW + timedelta(seconds=4)) == 0


def test_one_line_of_ipv6_is_one_address_however_many_it_has() -> None:
    one, another, next_door = "2001:db8:1:2::7", "2001:db8:1:2:ffff::9", "2001:db8:1:3::7"
    assert subjects("anna", one) == subjects("anna", another)
    assert link(one) == link(another) != link(next_door)
    assert link("::ffff:10.0.0.7") == link("10.0.0.7") != link("10.0.0.8")
    assert link("elsewhere") == "link:elsewhere"


def test_an_old_failure_is_forgotten() -> None:
    known = [Failures("place:anna@::1", 1000, NOW)]
    assert seconds_to_wait(known, NOW + timedelta(seconds=899)) == 1
    assert seconds_to_wait(known, NOW + FORGOTTEN_AFTER) == 0


def test_other_people_at_the_same_address_are_not_held_up_by_one_who_mistypes() -> None:
    mistyped = {name: Failures(name, 20, NOW) for name in subjects("anna", "10.0.0.7")}
    for_boris = [mistyped[name] for name in subjects("boris", "10.0.0.7") if name in mistyped]
    assert seconds_to_wait(mistyped.values(), NOW) > 0
    assert seconds_to_wait(for_boris, NOW) == 0
