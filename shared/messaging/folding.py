"""Folds what the sums of reports do not know yet into them, in the background: see ``rollups``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

if TYPE_CHECKING:
    from shared.service import Background, Running

log = structlog.get_logger(__name__)

GATHER_S, AT_MOST_S, ENOUGH = 3.0, 12.0, 100
"""After a commit, what comes in so long is folded together, and in the longer time as long as it
was few commits: what many orders of a day have in common is then written once. Reports do not wait
for it: they add what is not folded, which is why that may not be many."""
SWEEP_S = 30.0
"""Without a commit here: another process of the service may have ended with its rows unfolded."""
AT_ONCE = 10_000
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(7147)")
_LOCK = text("SELECT pg_advisory_xact_lock(7147)")

type Fold = Callable[[AsyncConnection, ZoneInfo, int], Awaitable[int]]
"""Folds at most so many rows, answers how many there were."""


type Reckon = Callable[[AsyncConnection, ZoneInfo], Awaitable[int]]
"""Puts sums that are reckoned anew in place of those that there are; answers how many."""


async def reckon_sums(engine: AsyncEngine, zone: ZoneInfo, reckon: Reckon) -> int:
    """One transaction: until it ends reports answer from the sums there were. Nobody folds
    meanwhile; what happens meanwhile is folded afterwards."""
    async with engine.begin() as connection:
        await connection.execute(_LOCK)
        return await reckon(connection, zone)


async def fold_some(running: Running, fold: Fold) -> int:
    """One transaction; nothing when another process is at it already."""
    async with running.engine.begin() as connection:
        if not await connection.scalar(_TRY_LOCK):
            return 0
        return await fold(connection, running.settings.zone, AT_ONCE)


async def _fold_all(running: Running, fold: Fold) -> None:
    """While others commit they have the machine to themselves for half of the time."""
    commits = running.lane.commits
    while True:
        seen, began = commits.count, time.monotonic()
        if await fold_some(running, fold) < AT_ONCE:
            return
        if commits.count > seen:
            await asyncio.sleep(time.monotonic() - began)


def keeping_sums(fold: Fold) -> Background:
    """The background task of a service that has sums."""

    async def keep_sums(running: Running) -> None:
        commits = running.lane.commits
        while True:
            seen = commits.count
            try:
                await _fold_all(running, fold)
            except Exception as error:
                log.warning("fold_failed", error=error)
            await commits.after(seen, SWEEP_S)
            if commits.count > seen:
                await asyncio.sleep(GATHER_S)
                await commits.after(seen + ENOUGH, AT_MOST_S - GATHER_S)

    return keep_sums
