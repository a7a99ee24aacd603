"""Where everything that a service writes passes through: one transaction after the other.

Whatever waits when a transaction ends shares the next one, so that a busy service pays for one
commit per batch and an idle one answers at once. A batch in which anything fails is rolled back
and its messages are done again one by one: a bad one harms only itself. A refusal is no failure as
long as nothing was written before it: most cost nobody anything.

Nobody waits here for another service. A handler that needs its word ends there, changes nothing,
and is done again when that was asked beside the lane.

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
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import Writes
from shared.handlers import Before, Handlers, Store, Unasked, Work
from shared.messaging import inbox, outbox
from shared.messaging.afterwards import Afterwards
from shared.messaging.attempts import Attempts
from shared.messaging.beforehand import Beforehand
from shared.messaging.client import ServiceClient
from shared.messaging.commits import Commits
from shared.messaging.inbox import Duplicate
from shared.messaging.jobs import Job, tell
from shared.messaging.outages import CONFLICT, away, is_outage, is_passing, sqlstate
from shared.messaging.outbox import Outgoing, Relay
from shared.refusals import Refused
from shared.settings import ServiceSettings
from shared.telemetry import BATCH_SIZE, handling

log = structlog.get_logger(__name__)

MAX_BATCH = 128
MAX_WAITING = 2_000
"""Commands beyond this are told to come back: a queue that only grows helps nobody."""
THICK, LONGER = 6, 10
"""A batch of so many: events come thick, and who only listens gathers so much longer."""
ALONE_TRIES = 3
MAX_ASKED = 1_000
"""Times that one message may be asked for in its turn: a handler that asks something else each
time never ends."""


@dataclass(slots=True)
class _Batch:
    """What a transaction has come to, before its commit. ``careful``: what it handles is in the
    inbox already."""

    careful: bool
    ends: list[tuple[Job, bytes | Exception]] = field(default_factory=list)
    handled: set[UUID] = field(default_factory=set)
    """Events."""
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
        self._stopped = False
        self.commits = Commits()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="lane")

    async def stop(self) -> None:
        """Whoever waits for a turn, or comes for one later, is told at once that it has none."""
        self._stopped = True
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        while not self._waiting.empty():
            self._send_away(self._waiting.get_nowait())

    async def submit(self, job: Job) -> bytes:
        """Runs a job and waits for its commit, and for what follows. See ``Job`` for what comes
        back."""
        if not job.is_event and self._waiting.qsize() >= MAX_WAITING:
            raise Refused("busy", service=self._settings.service)
        if job.route.before is None or await self._prepared(job, job.route.before):
            self._put(job)
        try:
            reply = await self._end_of(job)
        except Duplicate:
            await self._afterwards.follow(job)
            raise
        await self._afterwards.follow(job)
        return reply

    def _put(self, job: Job) -> None:
        if self._stopped:
            self._send_away(job)
            return
        self._waiting.put_nowait(job)
        self._commands += not job.is_event
        if self._presses():
            self._pressed.set()

    def _send_away(self, job: Job) -> None:
        job.end(Refused("service_unavailable", service=self._settings.service))

    async def _end_of(self, job: Job) -> bytes:
        """What its handler lacks is asked here, and it takes its turn once more."""
        asked = 0
        while True:
            try:
                return await job.ended
            except Unasked as unasked:
                job.ended = asyncio.get_running_loop().create_future()
                try:
                    if asked == MAX_ASKED:
                        raise RuntimeError(f"{job.envelope.type} asks without end") from unasked
                    asked += 1
                    await self._beforehand.ask(job, unasked)
                except Exception as error:
                    await self._give_up(job, error)
                else:
                    self._put(job)

    async def _prepared(self, job: Job, before: Before) -> bool:
        """While others' transactions go on; false: the job has ended with it."""
        try:
            reply = await self._beforehand.prepare(job, before)
        except Exception as error:
            await self._give_up(job, error)
            return False
        if reply is None:
            return True
        job.end(reply)
        tell(job, reply)
        return False

    async def _run(self) -> None:
        while True:
            jobs = [await self._waiting.get()]
            try:
                await self._gather(jobs[0])
                while len(jobs) < MAX_BATCH and not self._waiting.empty():
                    jobs.append(self._waiting.get_nowait())
                self._commands -= sum(not job.is_event for job in jobs)
                self._last = len(jobs)
                BATCH_SIZE.observe(len(jobs))
                await self._all_of(jobs)
            except asyncio.CancelledError:
                for job in jobs:
                    self._send_away(job)
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
            log.warning("batch_failed", jobs=len(jobs), error=error)
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
        batch = _Batch(careful)
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
                repeated = False
            todo = [job for job in jobs if not job.is_event or job.envelope.id in fresh]
            await store.prefetch([job.message for job in todo])
            for job in jobs:
                # The same event may stand twice in one batch, and be handled once.
                if job.is_event and (
                    job.envelope.id not in fresh or job.envelope.id in batch.handled
                ):
                    batch.ends.append((job, Duplicate()))
                    continue
                await self._one(job, store, stored, batch)
            await store.flush()
            if not careful:
                inbox.put(store.pending, batch.handled)
            outbox.put(store.pending, batch.outgoing)
            inbox.put_replies(store.pending, batch.answered)
            await store.pending.send_last(connection)
        store.committed()
        self._careful = repeated
        self._relay.hand_over(batch.outgoing)
        self.commits.tell()
        for job, end in batch.ends:
            job.end(end)
            tell(job, end)

    async def _one(
        self, job: Job, store: Store, stored: dict[str, inbox.StoredReply], batch: _Batch
    ) -> None:
        """One handler. A refusal, or a question, ends its job if nothing came before it; any other
        error ends the batch."""
        key = job.envelope.idempotency_key
        work = Work(
            job.envelope,
            datetime.now(UTC),
            self._settings,
            self._client,
            answers=job.answers,
            in_lane=True,
        )
        if job.route.reads_tables:
            await store.write()
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
        except (Refused, Unasked) as early:
            end: Exception = early
            noted = job.is_event and batch.careful
            if work.published or noted or self._changes(store) != untouched:
                # Half of its work is done already: only a rollback takes that back.
                raise
            if job.is_event and await inbox.knows(store.connection, job.envelope.id):
                end = Duplicate()  # it was done before, which is why it is refused now
            if key and key not in stored:
                stored |= await inbox.stored_replies(store.connection, [key])
                if key in stored:  # as above
                    await self._one(job, store, stored, batch)
                    return
            batch.ends.append((job, end))
            if isinstance(end, Refused) and not job.is_event:
                batch.outgoing += self._attempts.refused(job.message, job.envelope, end)
            return
        batch.outgoing += told
        if job.is_event:
            batch.handled.add(job.envelope.id)
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
        if job.is_event or isinstance(error, Unasked):
            job.end(error)
            tell(job, error)
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
        job.end(refusal)
        tell(job, refusal)
