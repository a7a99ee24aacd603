"""Deletes what delivery no longer needs, a little at a time, and parks what it has forgotten."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.dead_letters import DeadLetters

log = structlog.get_logger(__name__)

INTERVAL_S = 600
BATCH = 5_000
REPLIES_KEEP_DAYS = 30
"""An idempotency key is honoured so long."""
_PUBLISHED = "NOT EXISTS (SELECT FROM unpublished WHERE unpublished.event_id = outbox.event_id)"


class Housekeeping:
    """One background task of a service.

    The inbox forgets nothing: the stream keeps all there ever was, and a consumer that has to be
    made anew hears all of it."""

    def __init__(self, engine: AsyncEngine, outbox_keep_days: int) -> None:
        self._engine = engine
        self._dead_letters = DeadLetters(engine)
        self._rules = (
            ("outbox", "event_id", "created_at", outbox_keep_days, _PUBLISHED),
            ("replies", "key", "created_at", REPLIES_KEEP_DAYS, "true"),
        )
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="housekeeping")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_S)
            try:
                await self.sweep()
            except Exception as error:
                log.warning("housekeeping_failed", error=error)

    async def sweep(self) -> dict[str, int]:
        """Deletes one batch per table; answers how many rows went."""
        await self._dead_letters.park_abandoned()
        deleted = {}
        for table, key, column, keep_days, gone in self._rules:
            async with self._engine.begin() as connection:
                result = await connection.execute(
                    text(
                        f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table}"
                        f" WHERE {column} < now() - make_interval(days => :keep) AND {gone}"
                        f" LIMIT {BATCH})"
                    ),
                    {"keep": keep_days},
                )
                deleted[table] = result.rowcount
        return deleted
