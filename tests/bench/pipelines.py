"""How many parts requests a second become new totals in the journal, and what each costs.

A pipeline begins with a parts request and is over for its sender when ``order_repriced`` was
heard; only then the sender begins another one. The clock stops when the journal holds them all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
import pydantic_core

from shared.contracts.orders import OrderRepriced, RequestParts
from shared.ids import new_id
from shared.messaging.client import ServiceClient
from shared.messaging.envelope import Actor, opening
from tests.bench import processes
from tests.bench.business import Business, many_orders, part_line
from tests.bench.hearing import Repriced
from tests.bench.http import Http
from tests.bench.percentiles import percentile
from tests.bench.station import BenchStation
from tests.bench.table import Row, shares

SENDERS = 256
HTTP_SENDERS = 64
ORDERS_PER_SECOND = 150
"""So many orders that none gets long: a line costs the more, the more lines its order has."""
STEADY_SHARE = 0.8
RATE_GOAL, CPU_GOAL_MS, STEADY_P99_GOAL_S = 1500, 1.0, 2.0
TIMEOUT_S = 60.0
SOURCE = "/station-1/gateway"
ACTOR = Actor("admin", "administrator", new_id())

type Send = Callable[[str, str], Awaitable[object]]
"""Requests a product for an order, and returns when that is answered."""


@dataclass(frozen=True, slots=True)
class Run:
    pipelines: int
    took_s: float
    cpu_s: dict[str, float]
    """By part of the station."""
    own_cpu_s: float

    @property
    def rate(self) -> float:
        return self.pipelines / self.took_s

    @property
    def cpu_ms(self) -> float:
        return sum(self.cpu_s.values()) / self.pipelines * 1000


async def measure(station: BenchStation, business: Business, seconds: float) -> list[Row]:
    orders = await many_orders(station, business, round(ORDERS_PER_SECOND * seconds))
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(station.broker())
        journal = await stack.enter_async_context(station.database("audit"))
        clients = await stack.enter_async_context(station.clients(HTTP_SENDERS))
        load = Load(station, business, orders, await Repriced.on(broker), journal)
        over_nats = _over_nats(ServiceClient(broker, SOURCE, TIMEOUT_S))
        await load.saturate([over_nats] * SENDERS, min(2.0, seconds))  # caches are warm after it
        nats = await load.saturate([over_nats] * SENDERS, seconds)
        steady_s = await load.steady(over_nats, nats.rate * STEADY_SHARE, seconds / 2)
        http = await load.saturate([_over_http(client) for client in clients], seconds / 2)
    return [
        Row("pipelines, over NATS", nats.rate, "/s", RATE_GOAL, "goal ≥"),
        _cpu_row("CPU per pipeline, over NATS", nats, CPU_GOAL_MS, "goal ≤"),
        Row(
            f"new total heard at {STEADY_SHARE:.0%} of that rate, p99",
            percentile(steady_s, 99),
            "s",
            STEADY_P99_GOAL_S,
            "goal ≤",
        ),
        Row("pipelines, over HTTP", http.rate, "/s", nats.rate, "over NATS"),
        _cpu_row("CPU per pipeline, over HTTP", http, nats.cpu_ms, "over NATS"),
    ]


class Load:
    """Parts requests for many orders, each order's one after the other."""

    def __init__(
        self,
        station: BenchStation,
        business: Business,
        orders: Sequence[str],
        heard: Repriced,
        journal: asyncpg.Connection,
    ) -> None:
        self._station = station
        self._products = business.products
        self._orders = orders
        self._heard = heard
        self._journal = journal

    async def saturate(self, senders: Sequence[Send], seconds: float) -> Run:
        """All senders as fast as they can, for so long; then until the journal has it all."""
        journaled = await self._journaled()
        cpu, own_cpu = self._station.cpu_by_part(), processes.own_cpu_s()
        began = time.monotonic()

        async def work(place: int, send: Send) -> int:
            own = self._orders[place :: len(senders)]
            count = 0
            while time.monotonic() - began < seconds:
                await self._pipeline(send, own[count % len(own)], place + count)
                count += 1
            return count

        pipelines = sum(
            await asyncio.gather(*(work(place, send) for place, send in enumerate(senders)))
        )
        await self._until_journaled(journaled + pipelines)
        took_s = time.monotonic() - began
        after = self._station.cpu_by_part()
        used = {part: after[part] - before for part, before in cpu.items()}
        return Run(pipelines, took_s, used, processes.own_cpu_s() - own_cpu)

    async def steady(self, send: Send, rate: float, seconds: float) -> list[float]:
        """At a rate that does not wait for anybody; answers how long each pipeline took."""
        journaled = await self._journaled()
        began = time.monotonic()
        under_way = []
        for number in range(round(rate * seconds)):
            # Several a turn: a loop of ours does not wake up a thousand times a second.
            while (early_s := began + number / rate - time.monotonic()) > 0:
                await asyncio.sleep(max(early_s, 0.005))
            order_id = self._orders[number % len(self._orders)]
            under_way.append(asyncio.create_task(self._pipeline(send, order_id, number)))
        took = await asyncio.gather(*under_way)
        await self._until_journaled(journaled + len(took))
        return took

    async def _pipeline(self, send: Send, order_id: str, number: int) -> float:
        heard = self._heard.next_of(order_id)
        began = time.monotonic()
        async with asyncio.timeout(TIMEOUT_S):
            await send(order_id, self._products[number % len(self._products)])
            await heard
        return time.monotonic() - began

    async def _journaled(self) -> int:
        """New totals in the journal; all that were told before are there, since we waited."""
        count: int = await self._journal.fetchval(
            "SELECT count(*) FROM records WHERE event = $1", OrderRepriced.subject
        )
        return count

    async def _until_journaled(self, count: int) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while await self._journaled() < count:
                await asyncio.sleep(0.05)


def _over_nats(client: ServiceClient) -> Send:
    async def send(order_id: str, product_id: str) -> None:
        envelope = opening(SOURCE, RequestParts.subject, ACTOR, idempotency_key=str(new_id()))
        body = {"order_id": order_id, "lines": [part_line(product_id)]}
        await client.request(RequestParts.subject, pydantic_core.to_json(body), envelope)

    return send


def _over_http(client: Http) -> Send:
    async def send(order_id: str, product_id: str) -> None:
        await client.post(f"/orders/{order_id}/parts", lines=[part_line(product_id)])

    return send


def _cpu_row(what: str, run: Run, beside: float, beside_is: str) -> Row:
    detail = shares(run.cpu_s, run.own_cpu_s, run.pipelines)
    return Row(what, run.cpu_ms, "ms", beside, beside_is, detail=detail)
