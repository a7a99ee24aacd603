"""What is done for a message before its transaction, past the lane: what takes long, others asked.

Whoever repeats what was done already is told again what came of it, even where it could not be
done now.
"""

from __future__ import annotations

from shared.handlers import Before, Unasked
from shared.messaging import inbox
from shared.messaging.beside import Beside
from shared.messaging.jobs import Job
from shared.messaging.outages import is_outage
from shared.refusals import Refused
from shared.telemetry import handling, on_behalf_of


class Beforehand(Beside):
    """As much at once as there is."""

    async def prepare(self, job: Job, before: Before) -> bytes | None:
        """Of a command. Leaves the job the message that its handler is given, and what was asked
        for it. Answers the first reply of what was done before; else raises what ``before``
        raises."""
        work = self._work(job)
        work.keeps_answers = True
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

    async def ask(self, job: Job, unasked: Unasked) -> None:
        """Leaves the job what another service says; its no is told to the handler as well."""
        asked = (unasked.question, unasked.given)
        with on_behalf_of(job.envelope) as envelope:
            try:
                job.answers[asked] = await self._client.ask(unasked.question, caused_by=envelope)
            except Refused as refusal:
                job.answers[asked] = refusal

    async def _first_reply(self, job: Job) -> bytes | None:
        if (key := job.envelope.idempotency_key) is None:
            return None
        async with self._engine.connect() as connection:
            stored = await inbox.stored_replies(connection, [key])
        return stored[key].replay(job.fingerprint) if stored else None
