"""Folds what the sums of reports do not know yet into them, in the background: see ``rollups``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

if TYPE_CHECKING:
    from shared.service import Background, Running

log = structlog.get_logger(__name__)

INTERVAL_S = 2.0
AT_ONCE = 20_000
_LOCK = text("SELECT pg_try_advisory_xact_lock(7147)")

type Fold = Callable[[AsyncConnection, ZoneInfo, int], Awaitable[int]]
"""Folds at most so many rows, answers how many there were."""


async def fold_some(running: Running, fold: Fold) -> int:
    """One transaction; nothing when another process is at it already."""
    async with running.engine.begin() as connection:
        if not await connection.scalar(_LOCK):
            return 0
        return await fold(connection, running.settings.zone, AT_ONCE)


def keeping_sums(fold: Fold) -> Background:
    """The background task of a service that has sums."""

    async def keep_sums(running: Running) -> None:
        while True:
            try:
                while await fold_some(running, fold) == AT_ONCE:
                    pass
            except Exception as error:
                log.warning("fold_failed", error=repr(error))
            await asyncio.sleep(INTERVAL_S)

    return keep_sums
