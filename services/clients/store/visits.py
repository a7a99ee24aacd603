"""Visits in and out of the database, and what a client's come to."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.domain.visits import Visit
from services.clients.store.tables_segments import counters, past_visits, visits
from shared.contracts.visits import ClientVisits, KeptVisits
from shared.statements import Prepared
from shared.writing import Pending, merging

_SAVE = merging(visits, "reversed", newer="reversed")
"""What is known of a visit stays: only its reversal is news, and that is never undone."""
_COUNT = Prepared(
    text(
        """
    INSERT INTO counters (client_id, visits, revenue, first_visit, last_visit, last_section_id)
    SELECT client.id, count(visit.at), coalesce(sum(visit.revenue), 0), min(visit.at),
        max(visit.at), (array_agg(visit.section_id ORDER BY visit.at DESC, visit.order_id DESC))[1]
    FROM clients client
    LEFT JOIN visits visit ON visit.client_id = client.id AND NOT visit.reversed
    WHERE client.id = ANY(:ids)
    GROUP BY client.id ORDER BY client.id
    ON CONFLICT (client_id) DO UPDATE SET visits = excluded.visits, revenue = excluded.revenue,
        first_visit = excluded.first_visit, last_visit = excluded.last_visit,
        last_section_id = excluded.last_section_id
    """
    ).bindparams(bindparam("ids", type_=ARRAY(Uuid)))
)
_NEVER = ClientVisits(
    visits=0, revenue=Decimal("0.00"), first_visit=None, last_visit=None, last_section_id=None
)


class Visits:
    """Remembers what was heard; the flush writes it and counts each client's visits once.

    Whoever calls ``hear`` or ``move`` holds the clients' cards, so that nobody counts meanwhile.
    """

    def __init__(self, connection: AsyncConnection, pending: Pending) -> None:
        self._connection = connection
        self._pending = pending
        self._heard: dict[tuple[UUID, int], Visit] = {}
        self._touched: set[UUID] = set()
        self.saves = 0

    def hear(self, visit: Visit) -> None:
        self.saves += 1
        key = (visit.order_id, visit.completion)
        known = self._heard.get(key, visit)
        self._heard[key] = replace(known, reversed=known.reversed or visit.reversed)
        if visit.client_id:
            self._touched.add(visit.client_id)

    async def client_of(self, order_id: UUID, completion: int) -> UUID | None:
        """Who came, if this visit has been heard of."""
        known = self._heard.get((order_id, completion))
        if known and known.client_id:
            return known.client_id
        found = await self._connection.execute(
            select(visits.c.client_id).where(
                visits.c.order_id == order_id, visits.c.completion == completion
            )
        )
        return found.scalar_one_or_none()

    async def move(self, client_id: UUID, to: UUID) -> None:
        """Two cards were of one client."""
        await self.flush()
        await self._connection.execute(
            update(visits)
            .where(visits.c.client_id == client_id, ~visits.c.reversed)
            .values(client_id=to)
        )
        self._touched |= {client_id, to}
        await self.flush()

    async def flush(self) -> None:
        self._pending.add(_SAVE, (asdict(self._heard[key]) for key in sorted(self._heard)))
        if self._touched:
            await self._pending.send(self._connection)
            await _COUNT.rows(self._connection, ids=sorted(self._touched))
        self._heard, self._touched = {}, set()

    async def of_client(self, client_id: UUID) -> ClientVisits:
        rows = await self._connection.execute(
            select(counters).where(counters.c.client_id == client_id)
        )
        row = rows.one_or_none()
        return ClientVisits.model_validate(row, from_attributes=True) if row else _NEVER

    # --- those from before -------------------------------------------------------------------

    async def kept(self) -> KeptVisits:
        """How far they are here; locked, so that two processes take turns."""
        row = (await self._connection.execute(select(past_visits).with_for_update())).one()
        return KeptVisits(cursor=row.cursor, done=row.done_at is not None)

    async def kept_to(self, cursor: str | None, now: datetime) -> KeptVisits:
        """Without a cursor they are all here."""
        kept = KeptVisits(cursor=cursor, done=cursor is None)
        await self._connection.execute(
            update(past_visits).values(cursor=cursor, done_at=now if kept.done else None)
        )
        return kept
