"""Where everything that a service writes passes through: one transaction after the other.

Whatever waits when a transaction ends shares the next one, so that a busy service pays for one
commit per batch and an idle one answers at once. A batch in which anything fails is rolled back
and its messages are done again one by one: a bad one harms only itself. A refusal is no failure as
long as nothing was written before it: most cost nobody anything.

Hardly a message comes twice. So what tells that one was handled is written with its effect, and
nothing is looked up first; where that conflicts, the batch is done again with all care, and so are
those behind it as long as repetitions come.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.base import Command, Event, Question
from shared.database import Writes
from shared.handlers import Before, Handlers, Route, Store, Work
from shared.messaging import inbox, outbox
from shared.messaging.afterwards import Afterwards
from shared.messaging.attempts import Attempts
from shared.messaging.beforehand import Beforehand
from shared.messaging.client import ServiceClient
from shared.messaging.commits import Commits
from shared.messaging.envelope import Envelope
from shared.messaging.inbox import Duplicate
from shared.messaging.outages import CONFLICT, away, is_outage, is_passing, sqlstate
from shared.messaging.outbox import Outgoing, Relay
from shared.refusals import Refused
from shared.settings import ServiceSettings
from shared.telemetry import BATCH_SIZE, count_handled, handling, log_context

log = structlog.get_logger(__name__)

MAX_BATCH = 128
MAX_WAITING = 2_000
"""Commands beyond this are told to come back: a queue that only grows helps nobody."""
THICK, LONGER = 6, 10
"""A batch of so many: events come thick, and who only listens gathers so much longer."""
ALONE_TRIES = 3


@dataclass(slots=True, eq=False)
class Job:
    """One command or event, and the future that tells how it ended.

    The future holds a command's reply as JSON (an event's is empty), or raises ``Refused``,
    ``Duplicate``, or whatever went wrong.
    """

    route: Route
    message: Command[object] | Event
    envelope: Envelope
    body: bytes
    answers: dict[Question[Any], Any] = field(default_factory=dict)
    """What others said before the transaction."""
    ended: asyncio.Future[bytes] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def is_event(self) -> bool:
        return isinstance(self.message, Event)

    @property
    def fingerprint(self) -> bytes:
        return inbox.fingerprint(self.route.message_type.subject, self.body)  # type: ignore[attr-defined]


@dataclass(slots=True)
class _Batch:
    """What a transaction has come to, before its commit."""

    ends: list[tuple[Job, bytes | Exception]] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    answered: dict[str, inbox.StoredReply] = field(default_factory=dict)


class Lane:
    """Runs jobs in batches, each in one transaction, in the order in which they came."""

    def __init__(
        self,
        settings: ServiceSettings,
        engine: AsyncEngine,
        beside: AsyncEngine,
        handlers: Handlers[Store],
        client: ServiceClient,
        relay: Relay,
        gather_s: float = 0.0,
    ) -> None:
        """``engine``: the lane's own, of one connection, where each statement is prepared once;
        ``beside``: for what goes on beside its transactions. ``gather_s``: so much lies at least
        between the beginnings of two transactions, unless a command or a full batch waits; when
        events come thick, several times as much. Nobody waits for what only listens."""
        self._settings = settings
        self._source = settings.source(settings.service)
        self.engine = engine
        self._beside = beside
        self._writes = Writes(engine)
        self._handlers = handlers
        self._client = client
        self._relay = relay
        self._beforehand = Beforehand(settings, beside, handlers, client)
        self._afterwards = Afterwards(settings, beside, handlers, client)
        self._attempts = Attempts(handlers, self._source)
        self._waiting: asyncio.Queue[Job] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._gather_s = gather_s
        self._began_at = -gather_s
        self._last = 0
        self._commands = 0
        self._pressed = asyncio.Event()
        self._careful = False
        self.commits = Commits()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="lane")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def submit(self, job: Job) -> bytes:
        """Runs a job and waits for its commit, and for what follows. See ``Job`` for what comes
        back."""
        if not job.is_event and self._waiting.qsize() >= MAX_WAITING:
            raise Refused("busy", service=self._settings.service)
        if job.route.before is None or await self._prepared(job, job.route.before):
            self._waiting.put_nowait(job)
            self._commands += not job.is_event
            if self._presses():
                self._pressed.set()
        try:
            reply = await job.ended
        except Duplicate:
            await self._afterwards.follow(job)
            raise
        await self._afterwards.follow(job)
        return reply

    async def _prepared(self, job: Job, before: Before) -> bool:
        """While others' transactions go on; false: the job has ended with it."""
        end: bytes | Exception | None
        try:
            end = await self._beforehand.prepare(job, before)
        except Duplicate as known:
            end = known
        except Exception as error:
            await self._give_up(job, error)
            return False
        if end is None:
            return True
        _end(job, end)
        _tell(job, end)
        return False

    async def _run(self) -> None:
        while True:
            jobs = [await self._waiting.get()]
            await self._gather(jobs[0])
            while len(jobs) < MAX_BATCH and not self._waiting.empty():
                jobs.append(self._waiting.get_nowait())
            self._commands -= sum(not job.is_event for job in jobs)
            self._last = len(jobs)
            BATCH_SIZE.observe(len(jobs))
            try:
                await self._all_of(jobs)
            except asyncio.CancelledError:
                for job in jobs:
                    _end(job, Refused("service_unavailable", service=self._settings.service))
                raise

    async def _all_of(self, jobs: Sequence[Job]) -> None:
        try:
            try:
                await self._together(jobs, careful=self._careful)
            except DBAPIError as error:
                if self._careful or sqlstate(error) != CONFLICT:
                    raise
                await self._together(jobs, careful=True)
        except Exception as error:
            log.warning("batch_failed", jobs=len(jobs), error=repr(error))
            await self._one_by_one(jobs, error)

    async def _one_by_one(self, jobs: Sequence[Job], failed: Exception | None) -> None:
        """Each in a transaction of its own. While the database is away nobody is tried: one look
        tells it for all, who would wait for a connection each."""
        for number, job in enumerate(jobs):
            if failed and is_outage(failed) and (why := await away(self.engine)):
                for left in jobs[number:]:
                    await self._give_up(left, why, noted=False)
                return
            failed = await self._alone(job)

    async def _gather(self, first: Job) -> None:
        clock = asyncio.get_running_loop().time
        gather_s = self._gather_s * (LONGER if self._last >= THICK else 1)
        early_s = self._began_at + gather_s - clock()
        if early_s > 0 and first.is_event and not self._presses():
            self._pressed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._pressed.wait(), early_s)
        self._began_at = clock()

    def _presses(self) -> bool:
        """Whether a command is queued, or so much that it fills the batch of a first job."""
        return self._commands > 0 or self._waiting.qsize() >= MAX_BATCH - 1

    async def _together(self, jobs: Sequence[Job], *, careful: bool) -> None:
        """All or nothing: either every job has ended and is committed, or this raises.

        ``careful``: what was handled before is found first; else it makes this fail."""
        batch = _Batch()
        async with self.engine.begin() as connection:
            store = self._handlers.store(connection)
            fresh = {job.envelope.id for job in jobs if job.is_event}
            stored: dict[str, inbox.StoredReply] = {}
            if careful:
                fresh = await inbox.remember(connection, fresh)
                stored = await inbox.stored_replies(
                    connection, [key for job in jobs if (key := job.envelope.idempotency_key)]
                )
                repeated = bool(stored) or len(fresh) < sum(job.is_event for job in jobs)
            else:
                inbox.put(store.pending, fresh)
                repeated = False
            todo = [job for job in jobs if not job.is_event or job.envelope.id in fresh]
            await store.prefetch([job.message for job in todo])
            for job in jobs:
                if job.is_event and job.envelope.id not in fresh:
                    batch.ends.append((job, Duplicate()))
                    continue
                # The same event may stand twice in one batch: only the first is fresh.
                fresh.discard(job.envelope.id)
                await self._one(job, store, stored, batch)
            await store.flush()
            outbox.put(store.pending, batch.outgoing)
            inbox.put_replies(store.pending, batch.answered)
            await store.pending.send_last(connection)
        store.committed()
        self._careful = repeated
        self._relay.hand_over(batch.outgoing)
        self.commits.tell()
        for job, end in batch.ends:
            _end(job, end)
            _tell(job, end)

    async def _one(
        self, job: Job, store: Store, stored: dict[str, inbox.StoredReply], batch: _Batch
    ) -> None:
        """One handler. A refusal ends its job if nothing came before it; any other error ends the
        batch."""
        key = job.envelope.idempotency_key
        work = Work(
            job.envelope, datetime.now(UTC), self._settings, self._client, answers=job.answers
        )
        untouched = self._changes(store)
        try:
            if key and (before := stored.get(key)):
                batch.ends.append((job, before.replay(job.fingerprint)))
                return
            with handling(job.envelope) as work.envelope:
                view = await job.route.handler(job.message, store, work)
            reply = view.model_dump_json().encode() if view is not None else b""
            told = [
                outbox.outgoing(event, work.envelope, self._source, work.now)
                for event in work.published
            ]
            self._ensure_room(reply, *(event.body for event in told))
        except Refused as refusal:
            if work.published or job.is_event or self._changes(store) != untouched:
                # Half of its work is done already: only a rollback takes that back.
                raise
            if key and key not in stored:
                stored |= await inbox.stored_replies(store.connection, [key])
                if key in stored:  # it was done before, which is why it is refused now
                    await self._one(job, store, stored, batch)
                    return
            batch.ends.append((job, refusal))
            batch.outgoing += self._attempts.refused(job.message, job.envelope, refusal)
            return
        batch.outgoing += told
        if key:
            stored[key] = batch.answered[key] = inbox.StoredReply(job.fingerprint, reply)
        batch.ends.append((job, reply))

    def _ensure_room(self, *bodies: bytes) -> None:
        """What no message can carry is not done: its answer would be told as a failure, and its
        events to nobody. Raises ``Refused``: ``result_too_large``."""
        room = self._client.room
        if any(len(body) > room for body in bodies):
            raise Refused("result_too_large", limit=round(room / 1024**2))

    def _changes(self, store: Store) -> tuple[int, int]:
        """What a handler has changed shows here: in the database, and in the store's memory."""
        return self._writes.of(store.connection), store.unsaved()

    async def _alone(self, job: Job) -> Exception | None:
        """The same in a transaction of its own, a few times if it is others' fault. Answers why
        it was given up."""
        for left in reversed(range(ALONE_TRIES)):
            try:
                await self._together([job], careful=True)
                return None
            except Exception as error:
                if left and is_passing(error):
                    await asyncio.sleep(0.05)
                    continue
                await self._give_up(job, error)
                return error
        return None

    async def _give_up(self, job: Job, error: Exception, *, noted: bool = True) -> None:
        """``noted``: a command's refusal is written down, if that is possible."""
        if job.is_event:
            _end(job, error)
            _tell(job, error)
            return
        if isinstance(error, Refused):
            refusal = error
        elif is_outage(error):
            refusal = Refused("service_unavailable", service=self._settings.service)
        else:
            log.error("command_failed", command=job.envelope.type, exc_info=error)
            refusal = Refused("internal_error")
        if noted:
            with contextlib.suppress(Exception):
                events = self._attempts.refused(job.message, job.envelope, refusal)
                async with self._beside.begin() as connection:
                    await outbox.write(connection, events)
                self._relay.hand_over(events)
        _end(job, refusal)
        _tell(job, refusal)


def _end(job: Job, end: bytes | Exception) -> None:
    if job.ended.done():  # whoever waited has gone
        return
    if isinstance(end, Exception):
        job.ended.set_exception(end)
    else:
        job.ended.set_result(end)


def _tell(job: Job, end: bytes | Exception) -> None:
    """One log line and one count per message, after its commit."""
    match end:
        case Duplicate():
            outcome = "duplicate"
        case Refused():
            outcome = "refused"
        case Exception():
            outcome = "failed"
        case _:
            outcome = "handled"
    count_handled(job.envelope.type, outcome)
    details = {"code": end.code, "detail": end.words()} if isinstance(end, Refused) else {}
    if number := getattr(job.message, "number", None):
        details["number"] = number
    log.info(outcome, **log_context(job.envelope), **details)
