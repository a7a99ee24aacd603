"""What the gateway has to tell the audit, through its outbox like every other service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.coalescing import Coalesced
from shared.contracts.base import Event
from shared.messaging import outbox
from shared.messaging.envelope import Envelope
from shared.messaging.outbox import Outgoing
from shared.service import Running


@dataclass(slots=True)
class Entry:
    """One transaction of the gateway, and the events that leave with its commit."""

    connection: AsyncConnection
    source: str
    outgoing: list[Outgoing] = field(default_factory=list)

    def publish(self, event: Event, cause: Envelope) -> None:
        self.outgoing.append(outbox.outgoing(event, cause, self.source, datetime.now(UTC)))


class Journal:
    """Writes to the gateway's tables together with what the audit is to know of it."""

    def __init__(self, service: Running, source: str) -> None:
        self._engine = service.engine
        self._relay = service.relay
        self._source = source
        self._told: Coalesced[tuple[Event, Envelope], None] = Coalesced(self._tell)

    @asynccontextmanager
    async def entry(self) -> AsyncIterator[Entry]:
        """Commits at its end, and has its events published right after."""
        async with self._engine.begin() as connection:
            entry = Entry(connection, self._source)
            yield entry
            await outbox.write(connection, entry.outgoing)
        self._relay.hand_over(entry.outgoing)

    async def tell(self, event: Event, cause: Envelope) -> None:
        """An event that comes with no other change; many at once share a transaction."""
        await self._told.submit((event, cause))

    async def _tell(self, told: Sequence[tuple[Event, Envelope]]) -> list[None]:
        async with self.entry() as entry:
            for event, cause in told:
                entry.publish(event, cause)
        return [None] * len(told)
