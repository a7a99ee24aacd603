"""What a service does of its own accord, at its own time: a transaction as the lane's are.

The lane runs what others send. A background task that has something to do opens an errand: it is
given the store and a ``Work``, and what it changed and published is committed together at the end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from shared.handlers import Handlers, Store, Work
from shared.ids import new_id
from shared.messaging import outbox
from shared.messaging.envelope import SYSTEM, Envelope

if TYPE_CHECKING:
    from shared.service import Running


def errand_envelope(
    running: Running,
    name: str,
    now: datetime,
    *,
    correlation_id: UUID | None = None,
    order_id: UUID | None = None,
) -> Envelope:
    """The cause of what comes of it: nobody's message, but perhaps a late part of somebody's."""
    message_id = new_id()
    return Envelope(
        id=message_id,
        type=name,
        source=running.settings.source(running.settings.service),
        time=now,
        actor=SYSTEM,
        correlation_id=correlation_id or message_id,
        order_id=order_id,
    )


@asynccontextmanager
async def errand[StoreT: Store](
    running: Running, handlers: Handlers[StoreT], envelope: Envelope, now: datetime
) -> AsyncIterator[tuple[StoreT, Work]]:
    """Commits at its end, and has its events published right after; an error takes all back."""
    async with running.engine.begin() as connection:
        store = handlers.store(connection)
        work = Work(envelope, now, running.settings, running.client)
        yield store, work
        await store.flush()
        events = _outgoing(work)
        outbox.put(store.pending, events)
        await store.pending.send_last(connection)
    running.relay.hand_over(events)


async def put_down(store: Store, work: Work) -> None:
    """In the midst of an errand with more to say than should lie in memory: what was changed and
    published so far is written, and leaves with the commit by the relay's sweep."""
    await store.flush()
    outbox.put(store.pending, _outgoing(work))
    await store.pending.send(store.connection)
    work.published.clear()


def _outgoing(work: Work) -> list[outbox.Outgoing]:
    source = work.settings.source(work.settings.service)
    return [outbox.outgoing(event, work.envelope, source, work.now) for event in work.published]
