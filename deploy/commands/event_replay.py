"""Brings back into the stream what the outboxes have and it has not, and what a service has
acknowledged and not handled.

The outboxes are the truth and the stream a copy of them. An event keeps its id, so that whoever
handled it before knows it; what was never handled is handled now.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, PubAck, ReplayPolicy
from nats.js.errors import APIError, NotFoundError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from deploy.commands.event_acknowledgements import TIMEOUT_S, Acknowledged, Hearing, InOrder
from deploy.commands.reach import asking_a_database
from deploy.local.processes import CannotStart
from deploy.topology import EVENTS, REBUILD
from shared.database import outbox, unpublished
from shared.messaging.outbox import Outgoing
from shared.messaging.sums import is_whole, with_sum

STREAM = str(EVENTS.name)
READ_BATCH = 500
PAGE_ROWS = 5000
PUBLISH_BATCH = 500
"""Events that wait for their acknowledgements together."""
CLOCKS_DIFFER = timedelta(days=1)
"""By no more than that, the database's clock and the broker's."""
_OLDEST = select(func.min(outbox.c.created_at))


@dataclass(frozen=True, slots=True)
class InStream:
    """What the stream had when it was read, as far back as the outboxes reach. A million of its
    ids take about a hundred megabytes."""

    ids: set[UUID] = field(default_factory=set)
    unheard: dict[str, set[UUID]] = field(default_factory=dict)
    """By service, the events that it has acknowledged and not handled."""

    def has(self, event_id: UUID) -> bool:
        """Whether it has the event for whoever listens to it."""
        return event_id in self.ids and not any(event_id in ids for ids in self.unheard.values())


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One service's outbox and inbox, as they were when the stream was about to be read."""

    service: str
    connection: AsyncConnection
    """Sees that moment, however long it lasts."""
    oldest: datetime | None
    """When its oldest event was written; None when there is none."""


@dataclass(frozen=True, slots=True)
class Missing:
    """An event that was published once, and that the stream does not have, or not any more for
    one of those who listen to it."""

    service: str
    seq: int
    created_at: datetime


ALONE = 7148
"""The key of the lock that whoever rebuilds holds: two at once would publish everything twice,
and take each other's consumer away."""


@asynccontextmanager
async def alone(engine: AsyncEngine) -> AsyncIterator[None]:
    """Waits for its turn. ``engine``: of one and the same database for everybody."""
    async with _connected(engine, "AUTOCOMMIT") as connection:
        with asking_a_database():
            # The session holds the lock; a transaction would hold a snapshot as well.
            await connection.execute(select(func.pg_advisory_lock(ALONE)))
        yield  # the lock goes with the session, whose pool is disposed of


@asynccontextmanager
async def _connected(engine: AsyncEngine, isolation_level: str) -> AsyncIterator[AsyncConnection]:
    async with AsyncExitStack() as stack:
        with asking_a_database():
            connection = await stack.enter_async_context(engine.connect())
            await connection.execution_options(isolation_level=isolation_level)
        yield connection


# --- the stream --------------------------------------------------------------------------------


async def read_stream(
    connection: Client,
    snapshots: Sequence[Snapshot] = (),
    acknowledged: Sequence[Acknowledged] = (),
) -> InStream | None:
    """None when there is no stream. What is older than all of the outboxes is not read. Raises
    ``CannotStart`` when it ends before what consumers acknowledged: they would never be given
    what is published into it now; and ``DatabaseAway``."""
    js = connection.jetstream(timeout=TIMEOUT_S)
    try:
        last_seq = (await js.stream_info(STREAM)).state.last_seq
    except NotFoundError:
        return None
    for place in acknowledged:
        if place.seq > last_seq:
            raise CannotStart(
                f"{STREAM} ends at {last_seq}, and {place.service} has acknowledged {place.seq}: "
                "restart NATS, which puts consumers back to the end of the stream, and try again"
            )
    connections = {snapshot.service: snapshot.connection for snapshot in snapshots}
    hearings = [Hearing(place, connections[place.service]) for place in acknowledged]
    oldest = [snapshot.oldest for snapshot in snapshots if snapshot.oldest]
    stream = InStream(unheard={each.acknowledged.service: each.unheard for each in hearings})
    async for events in _events(js, min(oldest) - CLOCKS_DIFFER if oldest else None):
        stream.ids.update(event.id for event in events)
        for hearing in hearings:
            with asking_a_database():
                await hearing.go_on(events)
    return stream


async def _events(js: JetStreamContext, since: datetime | None) -> AsyncIterator[list[InOrder]]:
    """Those that are still what was published, by a consumer of our own, which is gone
    afterwards. A spoilt one is as good as none."""
    await _remove_reader(js)
    await js.add_consumer(
        STREAM,
        ConsumerConfig(
            name=REBUILD,
            deliver_policy=DeliverPolicy.BY_START_TIME if since else DeliverPolicy.ALL,
            opt_start_time=since,
            replay_policy=ReplayPolicy.INSTANT,
            ack_policy=AckPolicy.NONE,
            mem_storage=True,
            inactive_threshold=60,
            num_replicas=1,
        ),
    )
    reader = await js.pull_subscribe_bind(REBUILD, STREAM)
    # A message still counts those that the server skips because it cannot read them any more.
    while (await reader.consumer_info()).num_pending:
        try:
            messages = await reader.fetch(READ_BATCH, timeout=TIMEOUT_S)
        except TimeoutError:
            if (await reader.consumer_info()).num_pending:
                raise
            break
        yield [event for message in messages if (event := _event(message))]
    await reader.unsubscribe()
    await _remove_reader(js)


async def _remove_reader(js: JetStreamContext) -> None:
    try:
        await js.delete_consumer(STREAM, REBUILD)
    except NotFoundError:
        return


def _event(message: Msg) -> InOrder | None:
    """By the id that consumers know it by; what is no event of ours has none."""
    headers = message.headers or {}
    if not is_whole(message.subject, headers, message.data):
        return None
    try:
        event_id = UUID(headers["ce-id"])
    except (KeyError, ValueError):
        return None
    return InOrder(event_id, message.subject, message.metadata.sequence.stream)


# --- the outboxes ------------------------------------------------------------------------------


@asynccontextmanager
async def as_of_now(service: str, engine: AsyncEngine) -> AsyncIterator[Snapshot]:
    """To be opened before the stream is read: what is published later, its relay sees to."""
    async with _connected(engine, "REPEATABLE READ") as connection:
        with asking_a_database():
            oldest = await connection.scalar(_OLDEST)
        yield Snapshot(service, connection, oldest)


async def missing(snapshots: Sequence[Snapshot], stream: InStream) -> AsyncIterator[Missing]:
    """Of all services in the order in which they happened; of one service, as it wrote them."""
    sources = [_missing_of(snapshot, stream) for snapshot in snapshots]
    heads: list[tuple[datetime, int, Missing]] = []

    async def next_of(number: int) -> None:
        async for event in sources[number]:
            heapq.heappush(heads, (event.created_at, number, event))
            return

    for number in range(len(sources)):
        await next_of(number)
    while heads:
        _, number, event = heapq.heappop(heads)
        yield event
        await next_of(number)


async def _missing_of(source: Snapshot, stream: InStream) -> AsyncIterator[Missing]:
    after = 0
    while True:
        statement = (
            select(outbox.c.seq, outbox.c.event_id, outbox.c.created_at)
            .where(outbox.c.seq > after)
            .where(outbox.c.event_id.not_in(select(unpublished.c.event_id)))
            .order_by(outbox.c.seq)
            .limit(PAGE_ROWS)
        )
        with asking_a_database():
            rows = (await source.connection.execute(statement)).all()
        if not rows:
            return
        for row in rows:
            if not stream.has(row.event_id):
                yield Missing(source.service, row.seq, row.created_at)
        after = rows[-1].seq


# --- back into the stream ----------------------------------------------------------------------


async def replay(
    connection: Client, snapshots: Sequence[Snapshot], stream: InStream
) -> AsyncIterator[Counter[str]]:
    """Publishes what is missing; after every batch, how many events of each service it were."""
    js = connection.jetstream(timeout=TIMEOUT_S)
    connections = {snapshot.service: snapshot.connection for snapshot in snapshots}
    batch: list[Missing] = []
    async for event in missing(snapshots, stream):
        batch.append(event)
        if len(batch) == PUBLISH_BATCH:
            yield await _publish(js, connections, batch)
            batch = []
    yield await _publish(js, connections, batch)


async def _publish(
    js: JetStreamContext, connections: Mapping[str, AsyncConnection], batch: Sequence[Missing]
) -> Counter[str]:
    events = await _whole(connections, batch)
    answers = await asyncio.gather(
        *(_publish_one(js, events[event.service, event.seq]) for event in batch),
        return_exceptions=True,
    )
    failures = [answer for answer in answers if isinstance(answer, BaseException)]
    if failures:
        raise failures[0]
    return Counter(event.service for event in batch)


async def _whole(
    connections: Mapping[str, AsyncConnection], batch: Sequence[Missing]
) -> dict[tuple[str, int], Outgoing]:
    """With headers and bodies, by service and ``seq``."""
    events: dict[tuple[str, int], Outgoing] = {}
    for service in {event.service for event in batch}:
        seqs = [event.seq for event in batch if event.service == service]
        statement = select(
            outbox.c.seq, outbox.c.event_id, outbox.c.subject, outbox.c.headers, outbox.c.body
        ).where(outbox.c.seq.in_(seqs))
        with asking_a_database():
            rows = await connections[service].execute(statement)
        for seq, *event in rows:
            events[service, seq] = Outgoing(*event)
    return events


async def _publish_one(js: JetStreamContext, event: Outgoing) -> PubAck:
    # Without an id for NATS, which may remember that of an event that it has lost since.
    headers: dict[str, Any] = with_sum(event.subject, event.headers, event.body)
    return await js.publish(event.subject, event.body, TIMEOUT_S, stream=STREAM, headers=headers)


FAILURES = (nats.errors.Error, TimeoutError, APIError)
"""What NATS may answer while a stream is read or written."""
