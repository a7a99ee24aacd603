"""What follows from an event beside the lane, once its transaction is committed.

The event is acknowledged when this is done too, and what tells that it was done is committed with
it: after a crash at any line the event comes again, the lane knows it, and what was left undone is
done then.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import dead_letters
from shared.handlers import Handlers, Store, Work
from shared.ids import id_of
from shared.messaging import inbox
from shared.messaging.client import ServiceClient
from shared.settings import ServiceSettings
from shared.telemetry import handling

if TYPE_CHECKING:
    from shared.messaging.lane import Job


class Afterwards:
    """Of one service: one after the other, each in one transaction, while the lane goes on."""

    def __init__(
        self,
        settings: ServiceSettings,
        engine: AsyncEngine,
        handlers: Handlers[Store],
        client: ServiceClient,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._handlers = handlers
        self._client = client
        # An event that comes once more meanwhile waits here, and holds no connection.
        self._turn = asyncio.Lock()

    async def follow(self, job: Job) -> None:
        """Nothing, if the event has no such thing, or it was done before."""
        if job.route.after is None:
            return
        work = Work(job.envelope, datetime.now(UTC), self._settings, self._client)
        async with self._turn, self._engine.begin() as connection:
            if await inbox.remember(connection, [_done(job.envelope.id)]):
                with handling(job.envelope) as work.envelope:
                    await job.route.after(job.message, self._handlers.store(connection), work)
                # It may have failed before, and been noted.
                letter = dead_letters.c.event_id == job.envelope.id
                await connection.execute(delete(dead_letters).where(letter))


def _done(event_id: UUID) -> UUID:
    """Under this id the inbox notes it, beside the event's own."""
    return id_of(f"after {event_id}")
