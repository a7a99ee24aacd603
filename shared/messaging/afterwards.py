"""What follows from an event beside the lane, once its transaction is committed.

The event is acknowledged when this is done too, and what tells that it was done is committed with
it: after a crash at any line the event comes again, the lane knows it, and what was left undone is
done then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from shared.database import dead_letters
from shared.handlers import After
from shared.ids import id_of
from shared.messaging import inbox
from shared.messaging.beside import Beside
from shared.messaging.jobs import Job
from shared.messaging.outages import away, is_outage
from shared.telemetry import handling

type _Waiting = tuple[Job, asyncio.Future[None]]


class Afterwards(Beside):
    """One after the other, each in one transaction, while the lane goes on. Those that come
    meanwhile wait, hold no connection, and are done together then."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._turn = asyncio.Lock()
        self._waiting: list[_Waiting] = []

    async def follow(self, job: Job) -> None:
        """Nothing, if the event has no such thing, or it was done before."""
        after = job.route.after
        if after is None:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, done))
        async with self._turn:
            if not done.done():
                together = [each for each in self._waiting if each[0].route.after is after]
                self._waiting = [each for each in self._waiting if each[0].route.after is not after]
                await self._all_of(after, together)
        await done

    async def _all_of(self, after: After, together: Sequence[_Waiting]) -> None:
        """Each learns how it ended. What fails together is done one by one, since a bad one harms
        only itself; while the database is away nobody is, who would wait for it each."""
        try:
            await self._follow(after, [job for job, _ in together])
        except Exception as error:
            if len(together) == 1 or (is_outage(error) and await away(self._engine)):
                for _, done in together:
                    done.set_exception(error)
            else:
                for each in together:
                    await self._all_of(after, [each])
        else:
            for _, done in together:
                done.set_result(None)
        finally:
            for _, done in together:
                done.cancel()  # whoever did it for all is: the others wait for nobody

    async def _follow(self, after: After, jobs: Sequence[Job]) -> None:
        by_mark = {_done(job.envelope.id): job for job in jobs}
        async with self._engine.begin() as connection:
            fresh = [by_mark[mark] for mark in await inbox.remember(connection, by_mark)]
            if not fresh:
                return
            work = self._work(fresh[0])
            with handling(fresh[0].envelope) as work.envelope:
                await after([job.message for job in fresh], self._handlers.store(connection), work)
            # They may have failed before, and been noted.
            letters = dead_letters.c.event_id.in_([job.envelope.id for job in fresh])
            await connection.execute(delete(dead_letters).where(letters))


def _done(event_id: UUID) -> UUID:
    """Under this id the inbox notes it, beside the event's own."""
    return id_of(f"after {event_id}")
