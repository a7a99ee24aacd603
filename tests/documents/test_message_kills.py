"""Killed at every point, again and again, by seeded chance: no message is doubled or forgotten."""

from __future__ import annotations

import contextlib
from collections import Counter
from random import Random
from typing import Any
from uuid import UUID

import pytest

from services.documents.domain.messages import Abilities
from services.documents.handlers import composing, sending
from services.documents.providers.base import Passing, Unclear
from shared.messaging import outbox
from tests.documents.messages_at_work import AtWork, Killed

MESSAGES = 6
LIVES = 12
"""Of the sender, each of which may end early."""


class Chance:
    """Ends a life at points of the sender's work, as its seed wants."""

    def __init__(self, random: Random, at_work: AtWork) -> None:
        self.random = random
        self.at_work = at_work
        self.deaths: Counter[str] = Counter()

    def may_kill(self, point: str) -> None:
        if self.random.random() < 0.2:
            self.deaths[point] += 1
            raise Killed

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Before anything of a step is written, before its commit, right after it, and on both
        sides of the call."""
        save, write = composing.save, outbox.write
        hand_over = self.at_work.station.running["documents"].relay.hand_over
        carrier_send = self.at_work.carrier.send

        async def saving(*arguments: Any) -> None:
            self.may_kill("before the save")
            await save(*arguments)

        async def writing(*arguments: Any) -> None:
            await write(*arguments)
            self.may_kill("before the commit")

        def handing_over(events: Any) -> None:
            hand_over(events)
            self.may_kill("after the commit")

        async def calling(letter: Any) -> Any:
            self.may_kill("before the call")
            answer = await carrier_send(letter)
            self.may_kill("after the call")
            if self.random.random() < 0.2:
                raise Unclear("ReadTimeout")
            return answer

        patch.setattr(sending, "save", saving)
        patch.setattr(outbox, "write", writing)
        patch.setattr(self.at_work.station.running["documents"].relay, "hand_over", handing_over)
        patch.setattr(self.at_work.carrier, "send", calling)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "abilities",
    [Abilities(tracks="provider_id"), Abilities(tracks="own_id"), Abilities(dedupes=True)],
    ids=["asked by its id", "asked by ours", "drops doubles"],
)
async def test_no_message_is_doubled_or_forgotten_however_often_the_sender_is_killed(
    at_work: AtWork, abilities: Abilities, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work.carrier.abilities = abilities
    client = await at_work.a_client()
    messages = [
        (await at_work.a_message(client_id=client.id, text=f"№ {number}")).id
        for number in range(MESSAGES)
    ]
    random = Random(seed)
    chance = Chance(random, at_work)
    with monkeypatch.context() as patch:
        chance.install(patch)
        for _ in range(LIVES):
            await _a_life(at_work, random)
    assert chance.deaths, "nobody was killed: nothing was tried"
    await _until_quiet(at_work)

    states = {message_id: (await at_work.message(message_id)).state for message_id in messages}
    taken = Counter(letter.id for letter in at_work.carrier.taken)
    assert set(taken) <= set(messages)
    assert max(taken.values()) == 1, "a client was written to twice"
    if abilities.tracks == "provider_id":
        # Nobody can be asked: what is unclear is left to people, and said to be so.
        assert set(states.values()) <= {"sent", "undetermined"}
        assert {message for message, state in states.items() if state == "sent"} <= set(taken)
    else:
        assert set(states.values()) == {"sent"}
        assert set(taken) == set(messages)


async def _a_life(at_work: AtWork, random: Random) -> None:
    """A process that starts, works, and perhaps dies; another minute or hour passes."""
    with contextlib.suppress(Killed):
        await at_work.rounds(2)
    at_work.later(minutes=random.choice([0, 1, 6, 60]))


async def _until_quiet(at_work: AtWork) -> None:
    for _ in range(40):
        await at_work.rounds(2)
        at_work.later(minutes=11)


async def test_provider_that_is_away_for_hours_loses_nothing(at_work: AtWork) -> None:
    at_work.carrier.before = Passing("ConnectError")
    client = await at_work.a_client()
    messages: list[UUID] = [
        (await at_work.a_message(client_id=client.id, text=f"№ {number}")).id for number in range(3)
    ]
    for _ in range(5):
        await at_work.rounds(1)
        at_work.later(hours=1)
    at_work.carrier.before = None
    at_work.later(hours=4)
    await at_work.rounds()
    assert sorted(letter.id for letter in at_work.carrier.taken) == sorted(messages)
