"""Waiting for a condition instead of sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE_S = 60.0
"""What takes a moment may take so long on a machine that is slow, or busy with something else:
only what never comes is waited for so long. Less is said only where the time itself is tried."""


async def eventually[T](
    condition: Callable[[], Awaitable[T]], *, timeout_s: float = PATIENCE_S, every_s: float = 0.02
) -> T:
    """The first true answer of ``condition``, asked again and again; fails after ``timeout_s``,
    with the last answer or the last assertion that did not hold."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while True:
        failure: AssertionError | None = None
        answer: T | None = None
        try:
            answer = await condition()
            if answer:
                return answer
        except AssertionError as error:
            failure = error
        if asyncio.get_running_loop().time() > deadline:
            if failure:
                raise failure
            raise AssertionError(f"still {answer!r} after {timeout_s} s")
        await asyncio.sleep(every_s)
