"""A station with a million clients, cars and orders: finding, the board, and the flow on it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random

from rich.console import Console

from shared.contracts.board import GetBoard
from shared.contracts.clients import FindClients
from shared.contracts.orders import FindOrders
from shared.messaging.client import ServiceClient
from shared.messaging.envelope import Actor
from tests.bench import flow, million_rows
from tests.bench.business import Business
from tests.bench.million_rows import names, phone, plate, surname, vin
from tests.bench.percentiles import percentile
from tests.bench.pipelines import SOURCE
from tests.bench.station import BenchStation
from tests.bench.table import Row

FOUND_GOAL_MS, BOARD_GOAL_MS, SLOWER_GOAL = 15, 50, 1.2
OFFICE = Actor("admin", "administrator")
SEED = 20_26

type Typed = Callable[[int], str]
"""What somebody types who looks for the client of this number."""

SEARCHES: dict[str, Typed] = {
    "a phone, last 7 digits": lambda number: phone(number)[-7:],
    "a fragment of a phone": lambda number: phone(number)[4:9],
    "part of a name": lambda number: surname(number)[:5],
    "name and first name": lambda number: " ".join(names(number)[:2]),
    "a VIN": vin,
    "last 6 of a VIN": lambda number: vin(number)[-6:],
    "a plate": plate,
}
ORDER_SEARCHES: dict[str, Typed] = {
    "their number": "M-{:07}".format,
    **{what: SEARCHES[what] for what in ("part of a name", "name and first name", "a plate")},
}


async def measure(
    station: BenchStation, business: Business, count: int, times: int, flow_s: float, tell: Console
) -> list[Row]:
    """``count``: clients, cars and orders each; ``times``: how often each thing is looked for."""
    await flow.run(station, business, 8, min(2.0, flow_s))
    empty = await flow.run(station, business, 1, flow_s)
    await _fill(station, business, count, tell)
    async with station.broker() as broker:
        client = ServiceClient(broker, SOURCE, 60.0)
        rows = [
            row
            for what, typed in SEARCHES.items()
            for row in [await _searched(client, what, typed, count, times)]
        ]
        rows.append(
            await _asked(
                "a page of the board",
                times,
                BOARD_GOAL_MS,
                lambda _: client.ask(GetBoard(limit=100), actor=OFFICE),
            )
        )
        for what, typed in ORDER_SEARCHES.items():
            ask = partial(_find_orders, client, typed, count)
            rows.append(await _asked(f"orders found by {what}", times, FOUND_GOAL_MS, ask))
    await flow.run(station, business, 8, min(2.0, flow_s))
    full = await flow.run(station, business, 1, flow_s)
    slower = percentile(full.flows, 50) / percentile(empty.flows, 50)
    return [
        *rows,
        Row(
            f"whole flow with {count:,} orders there, of that on an empty base, p50",
            slower,
            "times",
            SLOWER_GOAL,
            "goal ≤",
            f"CPU {full.cpu_ms / empty.cpu_ms:.2f} times",
        ),
    ]


async def _fill(station: BenchStation, business: Business, count: int, tell: Console) -> None:
    for service, what in (
        ("clients", f"{count:,} clients with their cars"),
        ("orders", f"{count:,} orders, {count * million_rows.LINES_OF_ORDER:,} lines"),
    ):
        began = time.monotonic()
        async with station.as_superuser(service) as connection:
            if service == "clients":
                await million_rows.fill_clients(connection, count)
            else:
                await million_rows.fill_orders(connection, business, count)
        tell.print(f"    {what}: {time.monotonic() - began:.0f} s")


async def _searched(client: ServiceClient, what: str, typed: Typed, count: int, times: int) -> Row:
    async def look(number: int) -> None:
        found = await client.ask(FindClients(q=typed(number % count)), actor=OFFICE)
        if not found.items:
            raise RuntimeError(f"nobody is found by {typed(number % count)}")

    return await _asked(f"found by {what}", times, FOUND_GOAL_MS, look)


async def _find_orders(client: ServiceClient, typed: Typed, count: int, number: int) -> None:
    found = await client.ask(FindOrders(q=typed(number % count)), actor=OFFICE)
    if not found.items:
        raise RuntimeError(f"no order is found by {typed(number % count)}")


async def _asked(
    what: str, times: int, goal_ms: float, ask: Callable[[int], Awaitable[object]]
) -> Row:
    """At the service, with the way there and back; each time for another client."""
    random = Random(SEED)
    taken = []
    for place in range(times + times // 10):
        began = time.perf_counter()
        await ask(random.randrange(1 << 40))
        if place >= times // 10:  # plans and pages are warm
            taken.append((time.perf_counter() - began) * 1000)
    p50 = percentile(taken, 50)
    return Row(f"{what}, p99", percentile(taken, 99), "ms", goal_ms, "goal ≤", f"p50 {p50:.1f} ms")
