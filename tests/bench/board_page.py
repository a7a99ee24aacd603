"""The board in a browser: how soon it is there and what it weighs, how soon another screen sees a
move, and how soon anything is found."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from tests.bench.business import Business, many_orders
from tests.bench.percentiles import percentile
from tests.bench.station import BenchStation
from tests.bench.table import Row
from tests.support.chromium import chromium_path

CARDS = 200
PAINT_GOAL_S, SLOW_PAINT_GOAL_S, SEEN_GOAL_MS, FOUND_GOAL_MS = 1, 2.5, 500, 100
SLOW_CPU = 4
SLOW_4G = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
WORDS = ("иван", "9161234567", "A-0000", "масло")
"""A name, a phone, an order's number, a part."""
_PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
_FOUND_MS = """async words => {
    const began = performance.now();
    await (await fetch(`/find?q=${encodeURIComponent(words)}`)).text();
    return performance.now() - began;
}"""
_IS_THERE = """([id, status]) =>
    document.querySelector(`#card-${CSS.escape(id)}[data-status="${status}"]`) !== null"""


@dataclass
class Looked:
    """At the board, with nothing kept from before."""

    painted_s: list[float] = field(default_factory=list)
    weight_kb: float = 0.0
    """Of all that came with the last look, as it was packed."""

    def came(self, it: dict[str, Any]) -> None:
        self.weight_kb += it["encodedDataLength"] / 1024


async def measure(station: BenchStation, business: Business, looks: int) -> list[Row]:
    """``looks``: how often each is taken."""
    orders = await many_orders(station, business, CARDS)
    async with _browser() as browser:
        quick = await _looked(browser, station, looks, slow=False)
        slow = await _looked(browser, station, looks, slow=True)
        seen_ms = await _moves_seen(browser, station, orders[: 2 * looks])
        found_ms = await _found(browser, station, looks)
    return [
        Row(
            f"board with {CARDS} open orders, first paint",
            median(quick.painted_s),
            "s",
            PAINT_GOAL_S,
            "goal ≤",
        ),
        Row(
            f"the same on slow 4G, CPU {SLOW_CPU} times slower",
            median(slow.painted_s),
            "s",
            SLOW_PAINT_GOAL_S,
            "goal ≤",
        ),
        Row("its weight, styles, scripts and all", quick.weight_kb, "KB", note="packed"),
        Row(
            "a move is on another screen, p50",
            percentile(seen_ms, 50),
            "ms",
            SEEN_GOAL_MS,
            "goal ≤",
        ),
        Row("anything found, p50", percentile(found_ms, 50), "ms", FOUND_GOAL_MS, "goal ≤"),
    ]


async def _looked(browser: Browser, station: BenchStation, looks: int, *, slow: bool) -> Looked:
    looked = Looked()
    for _ in range(looks):
        async with _page(browser, station) as page:
            network = await page.context.new_cdp_session(page)
            await network.send("Network.enable")
            if slow:
                await network.send("Network.emulateNetworkConditions", SLOW_4G)
                await network.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_CPU})
            looked.weight_kb = 0.0
            network.on("Network.loadingFinished", looked.came)
            await page.goto(f"{station.origin}/board")
            await page.wait_for_function(f"{_PAINTED} !== undefined")
            looked.painted_s.append(await page.evaluate(_PAINTED) / 1000)
            assert await page.locator(".board-card").count() >= CARDS
    return looked


async def _moves_seen(browser: Browser, station: BenchStation, orders: list[str]) -> list[float]:
    """From when the command is sent until another screen shows its card where it is now."""
    taken = []
    async with _page(browser, station) as page, station.http() as http:
        async with page.expect_response("**/api/v1/events?**"):
            await page.goto(f"{station.origin}/board")
        for order_id in orders:
            began = time.monotonic()
            await http.post(f"/orders/{order_id}/status", to="in_progress")
            await page.wait_for_function(_IS_THERE, arg=[order_id, "in_progress"])
            taken.append((time.monotonic() - began) * 1000)
    return taken


async def _found(browser: Browser, station: BenchStation, looks: int) -> list[float]:
    async with _page(browser, station) as page:
        await page.goto(f"{station.origin}/find")
        return [await page.evaluate(_FOUND_MS, words) for _ in range(looks) for words in WORDS]


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    path = chromium_path()
    if path is None:
        raise RuntimeError("no Chromium: run scripts/setup-browser as root")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def _page(browser: Browser, station: BenchStation) -> AsyncIterator[Page]:
    """Of a browser that has never been here, signed in as the administrator."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900}, locale="ru")
    await context.add_cookies([{"name": "pitlane", "value": station.token, "url": station.origin}])
    try:
        yield await context.new_page()
    finally:
        await context.close()
