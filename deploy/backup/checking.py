"""Whether restored databases are what a station needs: asked of the services' own handlers, with
nobody at work, so that nothing is sent, printed or paid."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.alone import Alone, zone_of
from deploy.backup.folder import Manifest
from deploy.local.processes import CannotStart
from deploy.progress import Progress
from deploy.reconciliation import compare
from services.audit.domain import Head
from services.audit.handlers import verified
from services.audit.store import AuditStore
from shared.contracts.audit import ChainState
from shared.contracts.reconciliation import Difference
from shared.database import engines_for_one_job, inbox, outbox
from shared.messaging.consumer import EVERYTHING
from shared.service import consumed_subjects
from shared.settings import StationSettings

ON_THEIR_WAY_FOR = timedelta(days=1)
"""An event that some service has not handled for longer has a place among its dead letters."""
AT_ONCE = 10_000
COUNTED = {
    "clients": "SELECT count(*) FROM clients",
    "orders": "SELECT count(*) FROM orders",
    "finance": "SELECT count(*) FROM payments",
    "audit": "SELECT count(*) FROM records",
    "gateway": "SELECT count(*) FROM users",
}
"""By service: what a person would look for first."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a restored station is like."""

    counts: Mapping[str, int]
    audit: ChainState
    on_their_way: int
    """Events that some service had not handled yet at that instant."""
    explained: int
    """Differences that these explain: handled, they are none any more."""
    differences: tuple[Difference, ...]
    counted: bool
    """Clients had fetched the visits from before it counted them: a missing one is a difference."""

    @property
    def good(self) -> bool:
        return self.audit.intact and not self.differences

    def told(self) -> dict[str, Any]:
        """For the manifest."""
        return {
            "at": datetime.now(UTC).isoformat(),
            "good": self.good,
            "counts": dict(self.counts),
            "audit_intact": self.audit.intact,
            "differences": len(self.differences),
            "on_their_way": self.on_their_way,
        }


async def examine(urls: Mapping[str, str], manifest: Manifest, progress: Progress) -> Findings:
    """``urls``: of all services' databases. Raises ``CannotStart`` when one cannot be read."""
    async with _engines(urls) as engines:
        progress.begin("counting", len(COUNTED))
        counts = {}
        for done, (service, query) in enumerate(COUNTED.items(), start=1):
            async with engines[service].connect() as connection:
                counts[service] = (await connection.execute(text(query))).scalar_one()
            progress.advance(done)
        progress.end(", ".join(f"{service} {count}" for service, count in counts.items()))
        audit = await _verified(engines["audit"], manifest, progress)
        waiting = await _on_their_way(engines)
        progress.begin("orders, stock and books compared", None)
        station = manifest.station
        zone = await zone_of(station, engines["orders"]) or StationSettings().zone
        comparison = await compare(Alone(station, engines, zone).ask, pause_s=0)
        found = comparison.differences
        orders = set(waiting.values())
        left = tuple(each for each in found if not (waiting and _is_explained(each, orders)))
        progress.end(
            f"{len(left)} differences"
            + (f", {len(waiting)} events were on their way" if waiting else "")
        )
    explained = len(found) - len(left)
    return Findings(counts, audit, len(waiting), explained, left, comparison.counted)


def _is_explained(difference: Difference, orders: set[UUID | None]) -> bool:
    """Sums over everything differ as long as anything is on its way."""
    return difference.order_id is None or difference.order_id in orders


async def _verified(engine: AsyncEngine, manifest: Manifest, progress: Progress) -> ChainState:
    anchor = Head(manifest.audit_seq, manifest.audit_hash)
    async with engine.connect() as connection:
        store = AuditStore(connection)
        progress.begin("journal, records", (await store.head()).seq)
        state = await verified(store, anchor, progress.advance)
    progress.end(f"{state.records} records, {'intact' if state.intact else 'NOT INTACT'}")
    return state


async def _on_their_way(engines: Mapping[str, AsyncEngine]) -> dict[UUID, UUID | None]:
    """Event → its order, of the events that somebody who listens to them has not handled."""
    waiting: dict[UUID, UUID | None] = {}
    last = await _last_event(engines)
    if last is None:
        return waiting
    for engine in engines.values():
        async with engine.connect() as connection:
            rows = await connection.execute(
                select(outbox.c.event_id, outbox.c.subject, outbox.c.headers)
                .where(outbox.c.created_at > last - ON_THEIR_WAY_FOR)
                .order_by(outbox.c.seq.desc())
                .limit(AT_ONCE)
            )
            events = list(rows)
        for name, consumer in engines.items():
            heard = set(consumed_subjects(name))
            ids = {
                row.event_id: _order_of(row.headers)
                for row in events
                if row.subject in heard or EVERYTHING in heard
            }
            known = await _handled(consumer, list(ids)) if ids else set()
            waiting |= {event: order for event, order in ids.items() if event not in known}
    return waiting


async def _last_event(engines: Mapping[str, AsyncEngine]) -> datetime | None:
    """The instant that the databases are of: it may be long ago by now."""
    found = []
    for engine in engines.values():
        async with engine.connect() as connection:
            found.append(await connection.scalar(select(func.max(outbox.c.created_at))))
    return max((at for at in found if at), default=None)


async def _handled(engine: AsyncEngine, ids: list[UUID]) -> set[UUID]:
    handled = select(inbox.c.event_id).where(
        inbox.c.event_id == func.any(bindparam("ids", type_=ARRAY(Uuid)))
    )
    async with engine.connect() as connection:
        return set((await connection.execute(handled, {"ids": ids})).scalars())


def _order_of(headers: Mapping[str, str]) -> UUID | None:
    return UUID(headers["orderid"]) if "orderid" in headers else None


@asynccontextmanager
async def _engines(urls: Mapping[str, str]) -> AsyncIterator[dict[str, AsyncEngine]]:
    try:
        async with engines_for_one_job(urls, pool_size=2) as engines:
            yield engines
    except (OSError, SQLAlchemyError) as error:
        raise CannotStart(f"the restored databases do not answer: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
