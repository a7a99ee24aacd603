"""Histories drawn at random, always the same of one seed: people do what may be done, by weights.

(Hypothesis switches rules off and repeats what it drew: of many kinds of things, hardly any two
ever meet in one history.)
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from decimal import Decimal
from inspect import getmembers
from random import Random
from typing import Any

RECENT = 3
"""So many of a kind are chosen from, that much happens to each of them."""


def seeds(count: int) -> range:
    """From 1, or those that ``HISTORIES=1000-1100`` asks for."""
    first, last = map(int, os.environ.get("HISTORIES", f"1-{count}").split("-"))
    return range(first, last + 1)


def action[DoneT: Callable[[Any], Awaitable[None]]](weight: int) -> Callable[[DoneT], DoneT]:
    """Marks what people may do, and how often they do it beside what else there is."""

    def marked(done: DoneT) -> DoneT:
        vars(done)["weight"] = weight
        return done

    return marked


class History:
    """What happens, and what may happen next."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    async def goes_on(self, steps: int) -> None:
        for each in self.drawn(steps):
            await each(self)
            await self.holds()

    def drawn(self, count: int) -> list[Callable[[Any], Coroutine[Any, Any, None]]]:
        """So many of what people may do."""
        actions = [each for _, each in getmembers(type(self), lambda one: hasattr(one, "weight"))]
        return self.random.choices(actions, [each.weight for each in actions], k=count)

    async def holds(self) -> None:
        """Asserts what is true after everything that is done."""

    # --- drawing ---------------------------------------------------------------------------------

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def one_of[ThingT](self, things: Sequence[ThingT]) -> ThingT:
        return self.random.choice(things)

    def recent[ThingT](self, things: Sequence[ThingT]) -> ThingT | None:
        """``None``: there is none yet."""
        return self.random.choice(things[-RECENT:]) if things else None

    def money(self, at_least: str = "1.00", at_most: str = "900.00") -> Decimal:
        kopecks = self.random.randint(int(Decimal(at_least) * 100), int(Decimal(at_most) * 100))
        return Decimal(kopecks) / 100
