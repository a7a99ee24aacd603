"""What services have acknowledged, held against what they handled.

The broker notes in a file without a sum how far each consumer has come. One flipped bit there,
and events count as acknowledged that its service was never given. The service knows better: what
it handled is in its inbox, and what it could not handle in its dead letters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from nats.aio.client import Client
from nats.js.errors import NotFoundError
from sqlalchemy import ARRAY, Uuid, bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from deploy.local.stream_watch import floor_of
from deploy.topology import EVENTS
from shared.database import dead_letters, inbox
from shared.messaging.consumer import EVERYTHING

TIMEOUT_S = 10.0
_ids = func.unnest(bindparam("ids", type_=ARRAY(Uuid))).column_valued("id")
_UNKNOWN = select(_ids).where(
    ~exists().where(inbox.c.event_id == _ids), ~exists().where(dead_letters.c.event_id == _ids)
)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """How far a service's consumer has come."""

    service: str
    seq: int
    """Of the stream; all that it listens to is acknowledged up to there."""
    subjects: frozenset[str]


@dataclass(frozen=True, slots=True)
class InOrder:
    """An event as it stands in the stream."""

    id: UUID
    subject: str
    seq: int


@dataclass(slots=True)
class Hearing:
    """One service's acknowledgements, while the stream is gone through from its beginning."""

    acknowledged: Acknowledged
    connection: AsyncConnection
    """To its database, as it was when it had acknowledged so much, or later."""
    unheard: set[UUID] = field(default_factory=set)
    """What it has acknowledged, neither handled nor parked, and will not be given again."""
    _heard: set[str] = field(default_factory=set)
    """The subjects of which it knows an event. Before its first one it did not listen to them."""

    async def go_on(self, events: Sequence[InOrder]) -> None:
        """``events``: the next ones of the stream. Raises what the database raises."""
        listens = {event: subject for event in events if (subject := self._listens(event))}
        settled = [event.id for event in listens if event.seq <= self.acknowledged.seq]
        unknown: set[UUID] = set()
        if settled:
            unknown.update(await self.connection.scalars(_UNKNOWN, {"ids": settled}))
        for event, subject in listens.items():
            if event.seq > self.acknowledged.seq:
                self.unheard.discard(event.id)  # another copy, which is still to be delivered
            elif event.id not in unknown:
                self._heard.add(subject)
            elif subject in self._heard:
                self.unheard.add(event.id)

    def _listens(self, event: InOrder) -> str | None:
        """To which of its subjects the event belongs."""
        if event.subject in self.acknowledged.subjects:
            return event.subject
        return EVERYTHING if EVERYTHING in self.acknowledged.subjects else None


async def acknowledged(
    connection: Client, consumed: Mapping[str, Sequence[str]]
) -> list[Acknowledged]:
    """How far services have come; to be asked for before their databases are looked at.
    ``consumed``: the subjects that each listens to; one without a consumer is not told of. Raises
    what NATS raises."""
    js = connection.jetstream(timeout=TIMEOUT_S)
    found = []
    for service, subjects in consumed.items():
        try:
            info = await js.consumer_info(str(EVENTS.name), service)
        except NotFoundError:
            continue
        found.append(Acknowledged(service, floor_of(info), frozenset(subjects)))
    return found
