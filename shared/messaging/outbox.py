"""Events on their way out: written with the change, published right after the commit.

The outbox is the truth and the stream a copy of it. A relay that dies between commit and publish,
or between publish and mark, publishes again; consumers know an event by its id.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pydantic_core
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import APIError
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Uuid,
    all_,
    any_,
    bindparam,
    delete,
    exists,
    func,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.contracts.base import Event
from shared.contracts.operations import addressed_to
from shared.database import outbox, unpublished
from shared.ids import new_id
from shared.log_lines import PUBLISH_FAILED
from shared.logs import in_words
from shared.messaging.answers import Answers, Asked
from shared.messaging.envelope import Envelope
from shared.messaging.sums import with_sum
from shared.statements import Prepared
from shared.stopping import RELAY_S
from shared.writing import Pending, inserting

log = structlog.get_logger(__name__)

STREAM = "EVENTS"
PUBLISH_TIMEOUT_S = 5.0
SWEEP_INTERVAL_S = 5.0
"""How often the safety net looks for events that nobody handed over (a crash left them)."""
SWEEP_AGE = timedelta(seconds=5)
SWEEP_BATCH = 500
MAX_HANDED = 10_000
"""Events handed over and not published yet. The broker stalls when there are so many: what comes
then is left to the sweep."""
MARK_AFTER_S = 0.25
"""What was published in this time is marked together; a crash before that publishes it again."""
_EVENTS = inserting(outbox, "event_id", "subject", "headers", "body")
_UNPUBLISHED = inserting(unpublished, "event_id")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event as it stands in the outbox."""

    event_id: UUID
    subject: str
    headers: dict[str, str]
    body: bytes


def outgoing(event: Event, cause: Envelope, source: str, now: datetime) -> Outgoing:
    """An event with the envelope that its cause gives it. ``source``: ``/station/service``."""
    event_id = new_id()
    subject = addressed_to(type(event), source.rsplit("/", 1)[-1])
    envelope = Envelope(
        id=event_id,
        type=subject,
        source=source,
        time=now,
        actor=cause.actor,
        correlation_id=cause.correlation_id,
        causation_id=cause.id,
        subject=event.aggregate_id(),
        order_id=event.order(),
        traceparent=cause.traceparent,
    )
    return Outgoing(event_id, subject, envelope.headers(), event.model_dump_json().encode())


async def write(connection: AsyncConnection, events: Sequence[Outgoing]) -> None:
    """Puts events into the outbox, in order, within the caller's transaction."""
    pending = Pending()
    put(pending, events)
    await pending.send(connection)


def put(pending: Pending, events: Sequence[Outgoing]) -> None:
    """The same, with all else that the transaction writes."""
    pending.add(
        _EVENTS, ((event.event_id, event.subject, event.headers, event.body) for event in events)
    )
    pending.add(_UNPUBLISHED, ((event.event_id,) for event in events))


class Relay:
    """Publishes what was committed. Woken in process by each commit; a sweep is the safety net."""

    def __init__(self, engine: AsyncEngine, connection: Client) -> None:
        self._engine = engine
        self._connection = connection
        self._answers = Answers(connection)
        self._queue: asyncio.Queue[Sequence[Outgoing]] = asyncio.Queue()
        self._handed = 0
        self._published: list[UUID] = []
        self._to_mark = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.refusal: str | None = None
        """Why the broker did not take the last events; None when it did."""

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._publish_committed(), name="relay"),
            asyncio.create_task(self._mark_published(), name="relay-marks"),
            asyncio.create_task(self._sweep_for_ever(), name="relay-sweep"),
        ]

    async def stop(self) -> None:
        """Publishes what is queued, if the broker lets it; the rest waits in the outbox."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._queue.join(), RELAY_S / 2)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self._mark()

    def hand_over(self, events: Sequence[Outgoing]) -> None:
        """Just committed: publish without reading them again, unless too many wait for that."""
        if events and self._handed < MAX_HANDED:
            self._handed += len(events)
            self._queue.put_nowait(events)

    async def lag(self) -> tuple[int, float]:
        """Events not yet published, and the age of the oldest in seconds."""
        # What is published and only not marked yet waits for nothing.
        unmarked = list(self._published)
        async with self._engine.connect() as connection:
            row = (
                await connection.execute(
                    select(func.count(), func.min(unpublished.c.created_at)).where(
                        unpublished.c.event_id != all_(bindparam("unmarked", unmarked, ARRAY(Uuid)))
                    )
                )
            ).one()
        oldest: datetime | None = row[1]
        return row[0], (datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0

    async def _publish_committed(self) -> None:
        while True:
            batches = [await self._queue.get()]
            while not self._queue.empty():
                batches.append(self._queue.get_nowait())
            try:
                events = [event for batch in batches for event in batch]
                # Two statements: what is marked meanwhile must not come back.
                published = await self._publish(events)
                self._published += published
                self._to_mark.set()
            except Exception:
                # They stay unpublished in the outbox, where the sweep finds them.
                log.exception("relay_failed")
            finally:
                for batch in batches:
                    self._handed -= len(batch)
                    self._queue.task_done()

    async def _mark_published(self) -> None:
        while True:
            await self._to_mark.wait()
            await asyncio.sleep(MARK_AFTER_S)
            self._to_mark.clear()
            try:
                await self._mark()
            except Exception as error:
                # The sweep publishes them again, and the stream knows them by their ids.
                log.warning("relay_marks_failed", error=error)

    async def _sweep_for_ever(self) -> None:
        # At start everything unpublished is a leftover of the last run, however young.
        age = timedelta(0)
        while True:
            try:
                while await self._sweep(age):
                    pass
                age = SWEEP_AGE
            except Exception as error:
                log.warning("relay_sweep_failed", error=error)
            await asyncio.sleep(SWEEP_INTERVAL_S)

    async def _sweep(self, age: timedelta) -> bool:
        """One batch of leftovers; true when there may be more."""
        if not await self._is_any_left(age):
            return False
        async with self._engine.begin() as connection:
            rows = (
                await connection.execute(
                    select(outbox.c.event_id, outbox.c.subject, outbox.c.headers, outbox.c.body)
                    .join(unpublished, unpublished.c.event_id == outbox.c.event_id)
                    .where(_is_left(age))
                    .order_by(outbox.c.seq)
                    .limit(SWEEP_BATCH)
                    .with_for_update(of=unpublished, skip_locked=True)
                )
            ).all()
            if not rows:
                return False
            published = await self._publish([Outgoing(*row) for row in rows])
            await _mark_published(connection, published)
        log.info("relay_swept", published=len(published), found=len(rows))
        return len(published) == SWEEP_BATCH

    async def _is_any_left(self, age: timedelta) -> bool:
        """Hardly ever, and every service looks all the time: one round trip, no transaction."""
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            return bool(await connection.scalar(select(exists().where(_is_left(age)))))

    async def _publish(self, events: Sequence[Outgoing]) -> list[UUID]:
        """Publishes all at once and waits for the acknowledgements; answers those that came, unless
        the connection has broken meanwhile."""
        run = self._run()
        answers = await self._answers.to_all(map(_as_asked, events), PUBLISH_TIMEOUT_S)
        results = [_taken(*each) for each in zip(events, answers, strict=True)]
        failed = [result for result in results if isinstance(result, Exception)]
        if failed:
            self.refusal = _told(failed[0])
            log.warning(PUBLISH_FAILED, events=len(failed), error=self.refusal)
        elif events:
            self.refusal = None
        if run is None or self._run() != run:
            # The server that comes back may have lost what it acknowledged, and be compared with
            # the outboxes before we note it. Published again, it is known by its id.
            return []
        return [result for result in results if isinstance(result, UUID)]

    def _run(self) -> int | None:
        """Of the connection, which of them it is; None while there is none."""
        return self._connection.stats["reconnects"] if self._connection.is_connected else None

    async def _mark(self) -> None:
        published, self._published = self._published, []
        if published:
            async with self._engine.connect() as connection:
                await _mark_published(connection, published)


def _as_asked(event: Outgoing) -> Asked:
    headers = with_sum(event.subject, event.headers, event.body)
    headers["Nats-Msg-Id"] = str(event.event_id)
    # Without the stream's name a subject that no stream keeps would be lost silently.
    headers["Nats-Expected-Stream"] = STREAM
    return event.subject, event.body, headers


def _taken(event: Outgoing, answer: Msg | Exception) -> UUID | Exception:
    """The event's id if the stream has it, or else why not."""
    if isinstance(answer, Exception):
        return answer
    told = pydantic_core.from_json(answer.data)
    return APIError(**told["error"]) if "error" in told else event.event_id


def _told(error: Exception) -> str:
    """``10077: maximum bytes exceeded``, as NATS puts it; of other errors, what Python says."""
    if isinstance(error, APIError):
        return f"{error.err_code}: {error.description}"
    return in_words(error)


_MARK_PUBLISHED = Prepared(
    delete(unpublished).where(unpublished.c.event_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
)


def _is_left(age: timedelta) -> ColumnElement[bool]:
    """What is of the future was written before the clock was put back."""
    return ~unpublished.c.created_at.between(func.now() - age, func.now())


async def _mark_published(connection: AsyncConnection, event_ids: Sequence[UUID]) -> None:
    await _MARK_PUBLISHED.run_last(connection, ids=event_ids)
