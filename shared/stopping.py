"""How long each part of a service may take to stop. One stops after the other; whoever waits for
the whole of it waits a little longer, so that nothing is killed that was only about to end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

CALLERS_S = 3.0
"""Requests over HTTP that are being answered."""
TASKS_S = 0.5
"""What only has to be told: each of two."""
WORK_S = 6.0
"""What a service does beside its messages: a letter that is being handed over is ended first, so
that nobody has to guess whether it went."""
REQUESTS_S = 3.0
"""Commands and questions that are in work."""
EVENTS_S = 2.0
"""Events that are being handled: the others are delivered again."""
RELAY_S = 2.0
"""Events that were committed: the others wait in the outbox."""
BROKER_S = 1.5
DATABASE_S = 0.5
"""Taking leave: either may be frozen, and say nothing."""
TRACES_S = 1.0

_MESSAGES_S = REQUESTS_S + EVENTS_S + RELAY_S
_LEAVE_S = BROKER_S + DATABASE_S + TRACES_S
TOTAL_S = CALLERS_S + WORK_S + 2 * TASKS_S + _MESSAGES_S + _LEAVE_S


async def within(seconds: float, end: Awaitable[object]) -> None:
    """Waits for an end, and no longer than that: it is cancelled then."""
    with suppress(TimeoutError):
        await asyncio.wait_for(end, seconds)
