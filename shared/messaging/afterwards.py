"""What follows from an event beside the lane, once its transaction is committed.

The event is acknowledged when this is done too, and what tells that it was done is committed with
it: after a crash at any line the event comes again, the lane knows it, and what was left undone is
done then.
"""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from shared.database import dead_letters
from shared.ids import id_of
from shared.messaging import inbox
from shared.messaging.beside import Beside
from shared.messaging.jobs import Job
from shared.telemetry import handling


class Afterwards(Beside):
    """One after the other, each in one transaction, while the lane goes on."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        # An event that comes once more meanwhile waits here, and holds no connection.
        self._turn = asyncio.Lock()

    async def follow(self, job: Job) -> None:
        """Nothing, if the event has no such thing, or it was done before."""
        if job.route.after is None:
            return
        work = self._work(job)
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
