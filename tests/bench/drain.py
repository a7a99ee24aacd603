"""What the journal missed while its database was away: how fast it catches up."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from decimal import Decimal

import asyncpg
from nats.js import JetStreamContext

from shared.contracts.orders import OrderRepriced
from shared.ids import new_id
from shared.messaging.envelope import Actor, opening
from shared.messaging.outbox import STREAM, outgoing
from tests.bench import processes
from tests.bench.station import BenchStation
from tests.bench.table import Row, shares

RATE_GOAL = 3_000
AT_ONCE = 500
TIMEOUT_S = 300.0
SOURCE = "/station-1/orders"
JOURNAL = "pitlane_audit"
_END_SESSIONS = (
    f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{JOURNAL}'"
)
_JOURNALED = "SELECT coalesce(max(seq), 0) FROM records"


async def measure(station: BenchStation, events: int) -> list[Row]:
    async with station.database("audit") as journal:
        before = await journal.fetchval(_JOURNALED)
    async with station.as_superuser("orders") as superuser, station.broker("orders") as orders:
        await superuser.execute(f"ALTER DATABASE {JOURNAL} ALLOW_CONNECTIONS false")
        await superuser.execute(_END_SESSIONS)
        try:
            await _publish(orders.jetstream(), events)
            cpu, own_s = station.cpu_by_part(), processes.own_cpu_s()
        finally:
            await superuser.execute(f"ALTER DATABASE {JOURNAL} ALLOW_CONNECTIONS true")
    began = time.monotonic()
    async with station.database("audit") as journal:
        await _until_journaled(journal, before + events)
    took_s = time.monotonic() - began
    after = station.cpu_by_part()
    used = {part: after[part] - before_s for part, before_s in cpu.items()}
    return [
        Row(
            f"backlog of {events:,} events, drained by the journal",
            events / took_s,
            "/s",
            RATE_GOAL,
            "goal ≥",
            detail=shares(used, processes.own_cpu_s() - own_s, events),
        )
    ]


async def _publish(js: JetStreamContext, count: int) -> None:
    """As orders would: the same envelope, the same headers, acknowledged."""
    total = Decimal("5205.00")
    actor = Actor("admin", "administrator", new_id())
    for first in range(0, count, AT_ONCE):
        waiting = []
        for _ in range(min(AT_ONCE, count - first)):
            order_id = new_id()
            event = OrderRepriced(
                order_id=order_id, number="A-000001", revision=1, old_total=Decimal(0), total=total,
                services_total=total, products_total=Decimal(0), materials_total=Decimal(0),
            )  # fmt: skip
            cause = opening(SOURCE, OrderRepriced.subject, actor, order_id=order_id)
            told = outgoing(event, cause, SOURCE, datetime.now(UTC))
            headers = {**told.headers, "Nats-Msg-Id": str(told.event_id)}
            waiting.append(
                js.publish(told.subject, told.body, TIMEOUT_S, stream=STREAM, headers=headers)
            )
        await asyncio.gather(*waiting)


async def _until_journaled(journal: asyncpg.Connection, count: int) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while await journal.fetchval(_JOURNALED) < count:
            await asyncio.sleep(0.05)
