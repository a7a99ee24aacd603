"""Episodes: load and faults together, then rest, then every check."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.chaos.checks import Checks
from tests.chaos.crash_points import armed_for
from tests.chaos.faults import STORE, Fault, Hand, drawn
from tests.chaos.memory import Memory
from tests.chaos.people import Person, Shop, open_shop
from tests.chaos.station import ChaosStation
from tests.support.waiting import eventually

FAULTS_AT_ONCE = 40
"""Of one episode."""
PEOPLE = 6
LAST_ANSWER_S = 120.0
TRIES, NEXT_TRY_AFTER_S = 12, 2.0
"""Of a fault for which somebody has to be there who is away."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A campaign; the same plan draws the same faults."""

    seed: int = 1
    faults: int = 100
    only: Collection[str] = ()
    minutes: float | None = None
    people: int = PEOPLE
    first_episode: int = 1


@dataclass(slots=True)
class Outcome:
    """What a campaign came to."""

    plan: Plan
    done: Counter[str] = field(default_factory=Counter)
    """Faults that came to something, by kind; crashes by point, one for each process that died."""
    missed: Counter[str] = field(default_factory=Counter)
    """Faults that found nobody: the process was just away, or never came to the point."""
    episodes: int = 0
    orders: int = 0
    acknowledged: int = 0
    refused: int = 0
    sent_again: int = 0
    events: int = 0
    took_s: float = 0.0
    findings: list[str] = field(default_factory=list)
    fatal_episode: int | None = None
    faults: list[tuple[Fault, int]] = field(default_factory=list)
    """Of the last episode, as they were done."""


class Campaign:
    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._station = ChaosStation(folder, small_disk=not plan.only or "full_disk" in plan.only)
        self._memory = Memory()
        self.outcome = Outcome(plan)

    async def run(self, tell: Any = print) -> Outcome:
        """Until all faults are done, the time is over, or something is wrong."""
        began = time.monotonic()
        outcome, plan = self.outcome, self._plan
        async with self._station:
            await self._station.until_ready()
            shop = await open_shop(self._station, self._memory)
            episode, left = plan.first_episode, plan.faults
            while left > 0 and not outcome.findings:
                faults = drawn(f"{plan.seed}.{episode}", min(left, FAULTS_AT_ONCE), plan.only)
                await self._episode(shop, episode, faults)
                outcome.took_s = time.monotonic() - began
                if outcome.findings:
                    outcome.fatal_episode = episode
                    self._station.is_evidence = True
                tell(self._line(episode))
                left -= len(faults)
                episode += 1
                if plan.minutes and outcome.took_s > plan.minutes * 60:
                    break
        return outcome

    async def _episode(self, shop: Shop, episode: int, faults: list[Fault]) -> None:
        outcome, memory = self.outcome, self._memory
        people = [
            Person(self._station, memory, Random(f"{self._plan.seed}.{episode}.{number}"))
            for number in range(self._plan.people)
        ]
        at_work = [asyncio.create_task(person.work(shop)) for person in people]
        try:
            outcome.faults = await self._let_happen(faults)
            self._heal()
            await self._station.until_ready()
            # Work goes on: everybody comes to the end of something.
            await eventually(
                lambda: _everybody_got_through(people), timeout_s=LAST_ANSWER_S, every_s=0.1
            )
        except AssertionError as error:
            outcome.findings.append(str(error))
        for person in people:
            await person.stop()
        ended, working = await asyncio.wait(at_work, timeout=LAST_ANSWER_S)
        for task in working:
            task.cancel()
            outcome.findings.append("somebody is still not answered, though all is well again")
        await asyncio.gather(*working, return_exceptions=True)
        outcome.findings += [
            f"load: {fault!r}" for task in ended if (fault := task.exception()) is not None
        ]
        if not outcome.findings:
            checks = Checks(self._station, memory)
            store_was_whole = not any(fault.kind in STORE for fault in faults)
            outcome.findings += await checks.all(nothing_lost_by_broker=store_was_whole)
            outcome.events = checks.events
        outcome.episodes += 1
        outcome.orders = memory.checked_orders + len(memory.orders)
        outcome.acknowledged = memory.answers[200]
        outcome.refused = len(memory.refused)
        outcome.sent_again = memory.sent_again

    async def _let_happen(self, faults: list[Fault]) -> list[tuple[Fault, int]]:
        hand = Hand(self._station, self._memory)
        began = time.monotonic()

        async def one(fault: Fault) -> int:
            await asyncio.sleep(max(0.0, began + fault.at_s - time.monotonic()))
            for _ in range(TRIES):
                with contextlib.suppress(Exception):  # NATS or PostgreSQL is just away
                    # Who is armed has waited long enough.
                    if (came := await hand.do(fault)) or fault.kind == "crash":
                        return came
                await asyncio.sleep(NEXT_TRY_AFTER_S)
            return 0

        done = await asyncio.gather(*map(one, faults))
        for fault, came in zip(faults, done, strict=True):
            name = fault.kind
            if fault.kind == "crash":
                name = f"crash {fault.target.partition('.')[2]}"
            self.outcome.done[name] += came
            self.outcome.missed[name] += _meant(fault) - came
        return list(zip(faults, done, strict=True))

    def _heal(self) -> None:
        self._station.thaw()
        for armed in self._station.armed.iterdir():
            armed.unlink(missing_ok=True)

    def _line(self, episode: int) -> str:
        outcome = self.outcome
        verdict = "WRONG" if outcome.findings else "well"
        return (
            f"episode {episode}: {verdict}; {outcome.done.total()} faults "
            f"({outcome.missed.total()} found nobody), {outcome.orders} orders, "
            f"{outcome.events} events, {outcome.sent_again} requests sent again, "
            f"{outcome.took_s:.0f} s"
        )


def _meant(fault: Fault) -> int:
    return len(armed_for(fault.target)) if fault.kind == "crash" else 1


async def _everybody_got_through(people: Sequence[Person]) -> bool:
    return all(person.visits for person in people)
