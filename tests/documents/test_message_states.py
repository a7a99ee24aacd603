"""Every state a message may be in, with everything that may happen to it there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from services.documents.domain import messages as domain
from services.documents.domain.messages import (
    LOOK_DELAYS,
    RETRY_DELAYS,
    TRANSITIONS,
    WORDS,
    Abilities,
    Decision,
    Message,
    Step,
    may,
)
from shared.contracts.messages import MessageState
from shared.refusals import Refused
from tests.documents.message_builders import NOON, a_message, a_queued_message

STATES: tuple[MessageState, ...] = get_args(MessageState)
STEPS: tuple[Step, ...] = get_args(Step.__value__)
ENDS = {"delivered", "failed", "skipped", "cancelled"}
ASKED = Abilities(tracks="provider_id")


def take(message: Message, step: Step) -> Decision:
    """The function of the domain that takes this step."""
    taken: dict[Step, Callable[[], Decision]] = {
        "prepare": lambda: domain.prepared(message, "+7916", "ru", None, "Готово", NOON),
        "skip": lambda: domain.skipped(message, "no_consent"),
        "cancel": lambda: domain.cancelled(message, "by_hand"),
        "claim": lambda: domain.claimed(message, "fake", NOON),
        "accept": lambda: domain.accepted(message, "p-1", ASKED, NOON),
        "put_off": lambda: domain.put_off(message, "busy", NOON),
        "refuse": lambda: domain.refused(message, "provider_refused", "no"),
        "lose": lambda: domain.unclear(message, ASKED, "lost", NOON),
        "miss": lambda: domain.put_off(message, "unknown", NOON),
        "deliver": lambda: domain.delivered(message, NOON),
    }
    return taken[step]()


def in_state(state: MessageState) -> Message:
    return a_queued_message(state=state, attempts=1, claimed_at=NOON, provider="fake")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_taken_where_the_table_has_it_and_nowhere_else(
    state: MessageState, step: Step
) -> None:
    message = in_state(state)
    # One function puts off both what is under way and what was missed; the state tells which.
    one_function: dict[Step, tuple[MessageState, Step]] = {
        "put_off": ("sending", "put_off"),
        "miss": ("undetermined", "miss"),
    }
    if step in one_function:
        allowed = (state, "put_off") in TRANSITIONS or (state, "miss") in TRANSITIONS
    else:
        allowed = (state, step) in TRANSITIONS
    if not allowed:
        with pytest.raises(ValueError, match=state):
            take(message, step)
        return
    changed = take(message, step).message
    steps: tuple[Step, ...] = ("put_off", "miss") if step in one_function else (step,)
    assert changed.state in {TRANSITIONS.get((state, each)) for each in steps}
    assert changed.revision == message.revision + 1


@pytest.mark.parametrize("state", STATES)
def test_a_state_without_a_way_out_is_an_end_that_wakes_nobody(state: MessageState) -> None:
    ways_out = [step for step in STEPS if may(in_state(state), step)]
    assert (not ways_out) == (state in ENDS)
    for (before, step), after in TRANSITIONS.items():
        if after in ENDS:
            assert take(in_state(before), step).message.wake_at is None


def test_every_state_is_reached() -> None:
    reached, found = {"scheduled"}, 0
    while found != len(reached):
        found = len(reached)
        reached |= {after for (before, _), after in TRANSITIONS.items() if before in reached}
    assert reached == set(STATES)


def test_only_a_claim_leads_to_a_call_and_every_claim_has_an_end() -> None:
    assert [before for (before, _), after in TRANSITIONS.items() if after == "sending"] == [
        "queued"
    ]
    claimed = domain.claimed(a_queued_message(), "fake", NOON).message
    assert claimed.wake_at == NOON + domain.LEASE


@pytest.mark.parametrize("state", ["sending", "undetermined", "sent", *sorted(ENDS)])
def test_what_may_be_out_cannot_be_called_off(state: MessageState) -> None:
    with pytest.raises(Refused, match="message_gone"):
        domain.called_off(in_state(state))


def test_what_every_end_tells() -> None:
    told = {
        (before, step): [type(event).__name__ for event in take(in_state(before), step).events]
        for before, step in TRANSITIONS
    }
    assert told["sending", "accept"] == ["MessageSent"]
    assert told["sent", "deliver"] == ["MessageDelivered"]
    assert told["sent", "refuse"] == ["MessageFailed"]
    assert told["sending", "lose"] == ["MessageUndetermined"]
    assert told["scheduled", "skip"] == ["MessageSkipped"]
    assert told["queued", "cancel"] == ["MessageCancelled"]
    silent = {key for key, names in told.items() if not names}
    assert silent == {("queued", "claim"), ("sending", "put_off"), ("undetermined", "miss")}


def test_message_that_is_due_at_once_does_not_tell_that_it_waits() -> None:
    assert domain.scheduled(a_message(due_at=NOON), NOON).events == ()
    (event,) = domain.scheduled(a_message(due_at=NOON + timedelta(days=1)), NOON).events
    assert type(event).__name__ == "MessageScheduled"


def test_last_try_that_passes_is_a_failure() -> None:
    message = in_state("sending")
    for attempt, delay in enumerate(RETRY_DELAYS, start=1):
        tried = domain.put_off(_with(message, attempts=attempt), "busy", NOON).message
        assert (tried.state, tried.wake_at) == ("queued", NOON + delay)
    last = domain.put_off(_with(message, attempts=len(RETRY_DELAYS) + 1), "busy", NOON).message
    assert (last.state, last.reason) == ("failed", "provider_unreachable")


def test_delivery_is_looked_for_ever_less_often_and_then_no_more() -> None:
    message = domain.accepted(in_state("sending"), "p-1", ASKED, NOON).message
    looks = 0
    while message.wake_at:
        message = domain.not_yet(message, NOON).message
        looks += 1
    assert (message.state, looks) == ("sent", len(LOOK_DELAYS))


def test_message_of_a_provider_that_tracks_nothing_is_not_looked_for() -> None:
    sent = domain.accepted(in_state("sending"), None, Abilities(), NOON).message
    assert (sent.state, sent.wake_at) == ("sent", None)


@pytest.mark.parametrize("state", ["scheduled", "queued", "sending"])
def test_what_is_under_way_is_not_sent_once_more(state: MessageState) -> None:
    with pytest.raises(Refused, match="message_under_way"):
        domain.again(in_state(state), a_message().id, "admin", NOON)


def test_trouble_doubles_the_wait_up_to_an_hour() -> None:
    message, waits = a_message(), []
    for _ in range(12):
        message = domain.troubled(message, NOON).message
        assert message.wake_at
        waits.append((message.wake_at - NOON).total_seconds())
    assert waits[:3] == [10, 20, 40]
    assert waits[-1] == 3600


def test_the_readme_draws_the_table_as_it_is() -> None:
    readme = (Path(__file__).parents[2] / "services/documents/README.md").read_text()
    drawn = re.search(
        r"<!-- message-states:begin -->\n(.*)<!-- message-states:end -->", readme, re.S
    )
    assert drawn
    lines = [f"    {old} --> {new}: {WORDS[step]}\n" for (old, step), new in TRANSITIONS.items()]
    assert drawn[1] == "```mermaid\nstateDiagram-v2\n" + "".join(lines) + "```\n"


def _with(message: Message, **fields: object) -> Message:
    from dataclasses import replace

    return replace(message, **fields)  # type: ignore[arg-type]
