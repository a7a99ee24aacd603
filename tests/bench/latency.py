"""One parts request at a time on an idle station: when it is answered, when its new total is
in the journal.

The journal is looked at without polling for as long as possible: we hear the station's events as
they pass, and only when ``order_repriced`` of our order has passed we ask the journal's table for
that event, every half millisecond, by its key. What this adds is below one millisecond.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import asyncpg

from tests.bench.business import Business, many_orders, part_line
from tests.bench.floors import Floors, FloorServers
from tests.bench.hearing import Repriced
from tests.bench.http import Http
from tests.bench.percentiles import percentile
from tests.bench.station import BenchStation
from tests.bench.table import Row

IN_JOURNAL = "SELECT true FROM records WHERE event_id = $1"
LOOK_EVERY_S = 0.0005
TIMEOUT_S = 30.0
WARM_UP = 20
ROUND = 25
"""Requests between two looks at the floors."""
ANSWER_GOAL = 2.5
AUDITED_P50_GOAL, AUDITED_P99_GOAL = 2.0, 4.0


@dataclass(frozen=True, slots=True)
class Sample:
    answered_s: float
    audited_s: float


async def measure(
    station: BenchStation, business: Business, servers: FloorServers, requests: int
) -> list[Row]:
    floors = Floors()
    samples: list[Sample] = []
    orders = await many_orders(station, business, requests + WARM_UP)
    async with (
        station.http() as http,
        station.broker() as broker,
        station.database("audit") as journal,
    ):
        heard = await Repriced.on(broker)
        request = Request(http, heard, await journal.prepare(IN_JOURNAL))
        for place, order_id in enumerate(orders):
            if place >= WARM_UP and place % ROUND == 0:
                await servers.measure(floors, ROUND)
            product_id = business.products[place % len(business.products)]
            samples.append(await request.send(order_id, product_id))
    return [*floors.rows(), *_rows(samples[WARM_UP:], floors)]


@dataclass(frozen=True, slots=True)
class Request:
    http: Http
    heard: Repriced
    in_journal: asyncpg.prepared_stmt.PreparedStatement

    async def send(self, order_id: str, product_id: str) -> Sample:
        heard = self.heard.next_of(order_id)
        began = time.perf_counter()
        await self.http.post(f"/orders/{order_id}/parts", lines=[part_line(product_id)])
        answered = time.perf_counter()
        async with asyncio.timeout(TIMEOUT_S):
            event_id = await heard
            while not await self.in_journal.fetchval(event_id):
                await asyncio.sleep(LOOK_EVERY_S)
        return Sample(answered - began, time.perf_counter() - began)


def _rows(samples: list[Sample], floors: Floors) -> list[Row]:
    answered = [sample.answered_s for sample in samples]
    audited = [sample.audited_s for sample in samples]
    answer, pipeline = floors.answer_s, floors.pipeline_s
    return [
        _row("parts request answered (202), p50", answered, 50, answer, ANSWER_GOAL),
        _row("parts request answered (202), p99", answered, 99, answer),
        _row("audited new total, p50", audited, 50, pipeline, AUDITED_P50_GOAL),
        _row("audited new total, p99", audited, 99, pipeline, AUDITED_P99_GOAL),
    ]


def _row(
    what: str, taken: list[float], percent: int, floor_s: float, within: float | None = None
) -> Row:
    value = percentile(taken, percent) * 1000
    return Row(what, value, "ms", floor_s * 1000, "floor", within=within)
