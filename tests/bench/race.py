"""Thirty-two people want the last ten: exactly ten get one, the others are told plainly."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from decimal import Decimal

from tests.bench.business import (
    Business,
    a_product,
    an_order,
    part_line,
    receive,
    states,
    until,
)
from tests.bench.http import Http, HttpError
from tests.bench.percentiles import percentile
from tests.bench.station import BenchStation
from tests.bench.table import Row

PEOPLE, THERE = 32, 10
RACE_GOAL_S = 0.5


@dataclass(frozen=True, slots=True)
class Race:
    took_s: float
    """Until everybody knows whether there was one left."""
    sold: int
    refused: int
    """Told ``parts_not_ready`` when they tried to finish without one."""
    left: Decimal
    held: Decimal
    """On hand and reserved when all is over."""

    @property
    def is_right(self) -> bool:
        return (self.sold, self.refused) == (THERE, PEOPLE - THERE) and not self.left + self.held


async def measure(station: BenchStation, business: Business, races: int) -> list[Row]:
    async with station.clients(PEOPLE) as people:
        run = [await race(people, business, number) for number in range(races)]
    right = sum(each.is_right for each in run)
    took = [each.took_s for each in run]
    what = f"{PEOPLE} race for the last {THERE}"
    return [
        Row(
            f"{what}: exactly {THERE} sold",
            right,
            f"of {races}",
            races,
            "goal",
            f"{sum(each.sold for each in run)} sold, {sum(each.refused for each in run)} refused",
        ),
        Row(f"{what}: all know, p50", percentile(took, 50), "s", RACE_GOAL_S, "goal ≤"),
        Row(f"{what}: all know, slowest", max(took), "s", RACE_GOAL_S, "goal ≤"),
    ]


async def race(people: list[Http], business: Business, number: int) -> Race:
    product_id = await a_product(people[0], f"Последние {THERE}, забег {number + 1}")
    await receive(people[0], business, product_id, str(THERE))
    orders = await asyncio.gather(*(an_order(http, business) for http in people))

    began = time.monotonic()
    await asyncio.gather(
        *(
            _wants_one(http, order_id, product_id)
            for http, order_id in zip(people, orders, strict=True)
        )
    )
    took_s = time.monotonic() - began

    ends = await asyncio.gather(
        *(_finishes(http, order_id) for http, order_id in zip(people, orders, strict=True))
    )
    left, held = await _stock(people[0], business, product_id, there=THERE - sum(ends))
    return Race(took_s, sum(ends), len(ends) - sum(ends), left, held)


async def _wants_one(http: Http, order_id: str, product_id: str) -> None:
    await http.post(f"/orders/{order_id}/parts", lines=[part_line(product_id)])
    await until(http, order_id, lambda order: "requested" not in states(order))


async def _finishes(http: Http, order_id: str) -> bool:
    """Whether the order could be done: its part was there."""
    await http.post(f"/orders/{order_id}/status", to="in_progress")
    try:
        await http.post(f"/orders/{order_id}/status", to="done")
    except HttpError as error:
        if error.code != "parts_not_ready":
            raise
        await http.post(f"/orders/{order_id}/status", to="cancelled", reason="нет детали")
        return False
    return True


async def _stock(
    http: Http, business: Business, product_id: str, *, there: int
) -> tuple[Decimal, Decimal]:
    """On hand and reserved, once the sold parts have left the warehouse."""
    path = f"/stock?product_id={product_id}&warehouse_id={business.warehouse_id}"
    async with asyncio.timeout(30):
        while True:
            stock = (await http.get(path))["items"][0]
            left, held = Decimal(stock["on_hand"]), Decimal(stock["reserved"])
            if left <= there and held == 0:
                return left, held
            await asyncio.sleep(0.01)
