"""A station's broker loses its whole store: how long until every event is back and heard."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from pathlib import Path

import asyncpg

from deploy.progress import Progress
from shared.contracts.base import CommandRefused
from shared.contracts.clients import ClientsCommandRefused
from shared.contracts.documents import DocumentsCommandRefused
from shared.contracts.finance import FinanceCommandRefused
from shared.contracts.inventory import InventoryCommandRefused
from shared.contracts.orders import OrdersCommandRefused
from shared.ids import new_id
from shared.messaging.envelope import SYSTEM, opening
from shared.messaging.outbox import outgoing
from tests.support.runner import Runner
from tests.support.waiting import eventually

GOAL_S_PER_10_000 = 20.0
PASSED_S = 600.0
REFUSED: dict[str, type[CommandRefused]] = {
    "clients": ClientsCommandRefused,
    "orders": OrdersCommandRefused,
    "inventory": InventoryCommandRefused,
    "finance": FinanceCommandRefused,
    "documents": DocumentsCommandRefused,
}
"""By service, a fact of its own that needs nothing else to have happened."""


async def wipe(data: Path, events: int, progress: Progress) -> float:
    """``events`` of five services were published once and are in the stream no more; seconds
    from the loss of the store to the last of them in the journal."""
    station = Runner(data)
    try:
        progress.begin("a station", None)
        await station.start()
        await _published(station, events // len(REFUSED))
        progress.end(f"{events} events")
        progress.begin("its broker's store deleted: events in the journal", events)
        started = time.monotonic()
        await asyncio.to_thread(shutil.rmtree, data / "nats", ignore_errors=True)

        async def all_recorded() -> bool:
            recorded = await _recorded(station)
            progress.advance(min(recorded, events))
            return recorded >= events

        await eventually(all_recorded, timeout_s=PASSED_S, every_s=0.2)
        seconds = time.monotonic() - started
        progress.end(f"{events / seconds:,.0f} a second")
        return seconds
    finally:
        await station.stop()
        await station.close()


async def _published(station: Runner, each: int) -> None:
    """As if they had been handed to the broker before."""
    for service, fact in REFUSED.items():
        source = f"/station-1/{service}"
        cause = opening(source, "drill", SYSTEM)
        sent = [
            outgoing(
                fact(command_id=new_id(), command="drill", code="not_found", detail="—"),
                cause,
                source,
                cause.time,
            )
            for _ in range(each)
        ]
        connection = await asyncpg.connect(station.told()["databases"][service]["url"])
        await connection.executemany(
            "INSERT INTO outbox (event_id, subject, headers, body) VALUES ($1, $2, $3, $4)",
            [
                (one.event_id, one.subject, json.dumps(one.headers).encode(), one.body)
                for one in sent
            ],
        )
        await connection.close()


async def _recorded(station: Runner) -> int:
    connection = await asyncpg.connect(station.told()["databases"]["audit"]["url"])
    try:
        count: int = await connection.fetchval("SELECT count(*) FROM records")
        return count
    finally:
        await connection.close()
