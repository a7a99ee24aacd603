"""An event that the broker's disk has spoilt is recognised, whichever bit it was."""

import pytest

from shared.messaging.sums import SUM_HEADER, is_whole, with_sum

SUBJECT = "evt.orders.order_changed.v1"
HEADERS = {"ce-id": "01890a5d-ac96-774b-bcce-b302099a8057", "actor": "admin"}
BODY = b'{"total":"1500.00"}'


def test_what_was_published_is_whole() -> None:
    assert is_whole(SUBJECT, with_sum(SUBJECT, HEADERS, BODY), BODY)


def test_headers_are_the_same_in_any_order_and_with_those_of_nats() -> None:
    sent = with_sum(SUBJECT, HEADERS, BODY)
    arrived = {"Nats-Msg-Id": "1", **dict(reversed(sent.items()))}
    assert is_whole(SUBJECT, arrived, BODY)


def test_event_of_an_older_version_has_no_sum() -> None:
    assert is_whole(SUBJECT, HEADERS, BODY)


@pytest.mark.parametrize("place", range(len(BODY) * 8))
def test_any_bit_of_the_body_shows(place: int) -> None:
    spoilt = bytearray(BODY)
    spoilt[place // 8] ^= 1 << place % 8
    assert not is_whole(SUBJECT, with_sum(SUBJECT, HEADERS, BODY), bytes(spoilt))


@pytest.mark.parametrize("name", [*HEADERS, SUM_HEADER])
def test_any_header_shows(name: str) -> None:
    sent = with_sum(SUBJECT, HEADERS, BODY)
    assert not is_whole(SUBJECT, {**sent, name: f"{sent[name][:-1]}!"}, BODY)


def test_another_subject_shows() -> None:
    assert not is_whole("evt.orders.order_paid.v1", with_sum(SUBJECT, HEADERS, BODY), BODY)
