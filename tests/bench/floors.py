"""What nothing can be faster than: the same servers with the same settings, and one step alone.

The servers are others than the station's, so that no junk gets into its stream or its journal;
folder, programs and settings are the same.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import asyncpg
import nats
from nats.aio.client import Client

from deploy import topology
from deploy.local.nats import Nats
from deploy.local.postgres import SUPERUSER, Postgres
from tests.bench import processes
from tests.bench.table import Row

ECHO = "ask.finance.echo.v1"
STORED = "evt.orders.stored.v1"
BODY = b"x" * 512
COMMITS_OF_PIPELINE = 4
"""Request; reservation; new price; audit."""
PUBLISHES_OF_PIPELINE = 3
"""parts_requested, parts_reserved, order_repriced."""


@dataclass(slots=True)
class Floors:
    """Measured as often as there is time for, seconds each."""

    round_trips: list[float] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)
    publishes: list[float] = field(default_factory=list)

    @property
    def answer_s(self) -> float:
        """Of a command: one request round trip and one durable commit."""
        return median(self.round_trips) + median(self.commits)

    @property
    def pipeline_s(self) -> float:
        return (
            median(self.round_trips)
            + COMMITS_OF_PIPELINE * median(self.commits)
            + PUBLISHES_OF_PIPELINE * median(self.publishes)
        )

    def rows(self) -> list[Row]:
        pipeline = (
            f"{COMMITS_OF_PIPELINE} commits, {PUBLISHES_OF_PIPELINE} publishes, one round trip"
        )
        return [
            Row("NATS request and reply", median(self.round_trips) * 1000, "ms", None, "a floor"),
            Row("durable PostgreSQL commit", median(self.commits) * 1000, "ms", None, "a floor"),
            Row(
                "acknowledged JetStream publish",
                median(self.publishes) * 1000,
                "ms",
                None,
                "a floor",
            ),
            Row("floor of the pipeline", self.pipeline_s * 1000, "ms", None, "a floor", pipeline),
        ]


class FloorServers:
    """A broker and a database server of their own, with the station's settings."""

    def __init__(
        self,
        broker: Nats,
        postgres: Postgres,
        asking: Client,
        storing: Client,
        database: asyncpg.Connection,
    ) -> None:
        self._broker = broker
        self.database_url = postgres.url(SUPERUSER)
        self._asking = asking
        self._js = storing.jetstream()
        self._database = database

    def broker_url(self, user: str) -> str:
        return self._broker.url(user)

    async def consume(self, consumers: Mapping[str, Sequence[str]]) -> None:
        """Makes the services' durable consumers, of these subjects."""
        await topology.apply(self.broker_url(topology.BOOTSTRAP), consumers)

    async def measure(self, floors: Floors, count: int) -> None:
        """Adds so many of each, in turns: what the machine does otherwise hits all alike."""
        insert = await self._database.prepare("INSERT INTO stored (body) VALUES ($1)")
        for _ in range(count):
            floors.round_trips.append(await _timed(lambda: self._asking.request(ECHO, BODY)))
            floors.commits.append(await _timed(lambda: insert.fetch(BODY)))
            floors.publishes.append(
                await _timed(lambda: self._js.publish(STORED, BODY, stream="EVENTS"))
            )


async def _timed(step: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await step()
    return time.perf_counter() - began


@asynccontextmanager
async def floor_servers(folder: Path) -> AsyncIterator[FloorServers]:
    """``folder`` lies on the disk that the station's data lie on."""
    passwords = dict.fromkeys(topology.USERS, "floor")
    run = folder / "run"
    run.mkdir(parents=True)
    broker = Nats(folder / "nats", run, passwords, lambda _: None)
    postgres = Postgres(folder / "postgres", run, "floor", lambda _: None)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(broker.stop)
        await broker.start()
        stack.push_async_callback(postgres.stop)
        await postgres.start()
        await topology.apply(broker.url(topology.BOOTSTRAP), {})
        await stack.enter_async_context(
            processes.beside("tests.bench.echo", broker.url("finance"), ECHO)
        )
        asking = await _connected(stack, broker, "gateway")
        storing = await _connected(stack, broker, "orders")
        database = await asyncpg.connect(postgres.url(SUPERUSER))
        stack.push_async_callback(database.close)
        await database.execute(
            "CREATE TABLE stored (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea)"
        )
        servers = FloorServers(broker, postgres, asking, storing, database)
        await servers.measure(Floors(), 50)  # plans, caches and connections are warm
        yield servers


async def _connected(stack: AsyncExitStack, broker: Nats, user: str) -> Client:
    connection = await nats.connect(broker.url(user), inbox_prefix=topology.inbox(user).encode())
    stack.push_async_callback(connection.close)
    return connection
