"""What is done for a message before its transaction, past the lane: what takes long, others asked.

Whoever repeats what was done already is told again what came of it, even where it could not be
done now.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.handlers import Before, Handlers, Store, Work
from shared.messaging import inbox
from shared.messaging.client import ServiceClient
from shared.messaging.inbox import Duplicate
from shared.messaging.outages import is_outage
from shared.refusals import Refused
from shared.settings import ServiceSettings
from shared.telemetry import handling

if TYPE_CHECKING:
    from shared.messaging.lane import Job


class Beforehand:
    """Of one service; as much at once as there is."""

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

    async def prepare(self, job: Job, before: Before) -> bytes | None:
        """Leaves the job the message that its handler is given, and what was asked for it. Answers
        the first reply of what was done before, or raises ``Duplicate``; else raises what
        ``before`` raises."""
        work = Work(
            job.envelope,
            datetime.now(UTC),
            self._settings,
            self._client,
            answers=job.answers,
            keeps_answers=True,
        )
        try:
            with handling(job.envelope) as work.envelope:
                async with self._handlers.reading(self._engine) as store:
                    job.message = await before(job.message, store, work)
        except Exception as error:
            if is_outage(error) and not isinstance(error, Refused):
                raise  # there is nothing to look into
            # Looked up only now: hardly a message comes twice.
            if (reply := await self._first_reply(job)) is None:
                raise
            return reply
        return None

    async def _first_reply(self, job: Job) -> bytes | None:
        key = job.envelope.idempotency_key
        async with self._engine.connect() as connection:
            if job.is_event:
                if await inbox.knows(connection, job.envelope.id):
                    raise Duplicate
            elif key and (stored := await inbox.stored_replies(connection, [key])):
                return stored[key].replay(job.fingerprint)
        return None
