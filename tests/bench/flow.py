"""The whole business flow over HTTP, as several people do it at once, each for other clients.

Thirteen calls: client, car, order, two works, two parts, a price change, in progress, all parts
reserved, done, payment, read back. The tenth is repeated until it is so.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Awaitable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.bench import processes
from tests.bench.business import Business, part_line, states
from tests.bench.http import Http
from tests.bench.million_rows import plate
from tests.bench.percentiles import percentile
from tests.bench.picture import Point
from tests.bench.station import BenchStation
from tests.bench.table import Row, shares

CLIENTS = (1, 8, 32)
LOOK_AGAIN_S = 0.01
WORK_PRICE, CHANGED_PRICE, PART_PRICE = Decimal(1500), Decimal(1200), Decimal(100)
TOTAL = WORK_PRICE + CHANGED_PRICE + 2 * PART_PRICE

P50_ALONE_GOAL_MS, STEP_P99_GOAL_MS, CPU_GOAL_MS, RATE_GOAL = 100, 500, 25, 50
SCALING_GOAL = 0.9
ELSEWHERE = 20 * 1_728_000
"""Plates of a region of their own."""
_visits = itertools.count(1)
"""Of all runs: nobody who comes has been there before, and so nobody's phone or plate."""


@dataclass(slots=True)
class Run:
    clients: int
    flows: list[float] = field(default_factory=list)
    """Seconds each."""
    steps: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    took_s: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=dict)
    own_cpu_s: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.flows) / self.took_s

    @property
    def cpu_ms(self) -> float:
        return sum(self.cpu_s.values()) / len(self.flows) * 1000

    def point(self) -> Point:
        p50, p99 = (percentile(self.flows, percent) * 1000 for percent in (50, 99))
        return Point(self.clients, self.rate, p50, p99)

    def slowest_step(self) -> tuple[str, float]:
        """The step with the highest p99, and that in seconds."""
        p99 = {name: percentile(taken, 99) for name, taken in self.steps.items()}
        return max(p99.items(), key=lambda item: item[1])


async def measure(
    station: BenchStation, business: Business, seconds: float
) -> tuple[list[Row], list[Point]]:
    """The figures, and the picture's points."""
    await run(station, business, CLIENTS[-1], min(2.0, seconds))  # caches are warm after it
    alone, some, many = [await run(station, business, clients, seconds) for clients in CLIENTS]
    step, p99_s = many.slowest_step()
    rows = [
        *(row for each in (alone, some, many) for row in _rows(each)),
        Row(
            f"flows/s of {many.clients} clients, of those of {some.clients}",
            many.rate / some.rate,
            "",
            SCALING_GOAL,
            "goal ≥",
        ),
        Row(
            f"slowest step at {many.clients} clients, p99",
            p99_s * 1000,
            "ms",
            STEP_P99_GOAL_MS,
            "goal ≤",
            step,
        ),
    ]
    return rows, [each.point() for each in (alone, some, many)]


async def run(station: BenchStation, business: Business, clients: int, seconds: float) -> Run:
    result = Run(clients)
    async with station.clients(clients) as connections:
        cpu, own_cpu = station.cpu_by_part(), processes.own_cpu_s()
        began = time.monotonic()

        async def work(http: Http) -> None:
            while time.monotonic() - began < seconds:
                flow_began = time.monotonic()
                await Flow(http, business, next(_visits), result.steps).go()
                result.flows.append(time.monotonic() - flow_began)

        await asyncio.gather(*map(work, connections))
        result.took_s = time.monotonic() - began
        after = station.cpu_by_part()
        result.cpu_s = {part: after[part] - used for part, used in cpu.items()}
        result.own_cpu_s = processes.own_cpu_s() - own_cpu
    return result


class Flow:
    """One client's visit."""

    def __init__(
        self, http: Http, business: Business, number: int, steps: dict[str, list[float]]
    ) -> None:
        self._http = http
        self._business = business
        self._number = number
        self._steps = steps

    async def go(self) -> None:
        http, business = self._http, self._business
        phone = f"+7916{self._number % 10_000_000:07}"
        client = await self._step(
            "client", http.post("/clients", last_name="Сидоров", first_name="Пётр", phones=[phone])
        )
        vehicle = await self._step(
            "car",
            http.post(
                f"/clients/{client['id']}/vehicles",
                vendor="Lada",
                model="Vesta",
                plate=plate(ELSEWHERE + self._number),
            ),
        )
        order = await self._step(
            "order",
            http.post(
                "/orders",
                client_id=client["id"],
                vehicle_id=vehicle["id"],
                section_id=business.section_id,
                employee_id=business.employee_id,
            ),
        )
        path = f"/orders/{order['id']}"
        for _ in range(2):
            order = await self._step(
                "work", http.post(f"{path}/services", service_id=business.service_id)
            )
        for number in range(2):
            product_id = business.products[(self._number + number) % len(business.products)]
            line = part_line(product_id)
            await self._step("part", http.post(f"{path}/parts", lines=[line]))
        line_id = order["services"][0]["id"]
        price = str(CHANGED_PRICE)
        await self._step("price", http.patch(f"{path}/lines/{line_id}", initial_price=price))
        await self._step("in progress", http.post(f"{path}/status", to="in_progress"))
        await self._step("reserved", self._reserved(path))
        done = await self._step("done", http.post(f"{path}/status", to="done"))
        await self._step(
            "payment",
            http.post(
                "/payments",
                order_id=order["id"],
                customer_id=client["id"],
                amount=done["total"],
                method="card",
            ),
        )
        read = await self._step("read back", http.get(path))
        if (Decimal(read["total"]), read["status"]) != (TOTAL, "done"):
            raise RuntimeError(f"{read['number']}: {read['total']}, {read['status']}")

    async def _reserved(self, path: str) -> None:
        while states(await self._http.get(path)) != {"reserved"}:
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _step(self, name: str, call: Awaitable[Any]) -> Any:
        began = time.monotonic()
        answer = await call
        self._steps[name].append(time.monotonic() - began)
        return answer


def _rows(run: Run) -> list[Row]:
    who = f"{run.clients} client{'s' if run.clients > 1 else ''}"
    p50, p99 = (percentile(run.flows, percent) * 1000 for percent in (50, 99))
    alone = run.clients == 1
    return [
        Row(
            f"whole flow over HTTP, {who}",
            run.rate,
            "/s",
            *(() if alone else (RATE_GOAL, "goal ≥")),
        ),
        Row(
            f"whole flow, {who}, p50", p50, "ms", *((P50_ALONE_GOAL_MS, "goal ≤") if alone else ())
        ),
        Row(f"whole flow, {who}, p99", p99, "ms"),
        Row(
            f"CPU per flow, {who}",
            run.cpu_ms,
            "ms",
            CPU_GOAL_MS,
            "goal ≤",
            detail=shares(run.cpu_s, run.own_cpu_s, len(run.flows)),
        ),
    ]
