"""Pages in a real Chromium, against the whole station behind a real HTTP server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from tests.browser.visitors import Open, Site, Visitor, opened
from tests.gateway.support import API, running_whole, served
from tests.support.broker import TestNats, running_nats
from tests.support.chromium import chromium_path

# A whole station and a browser share two cores with other tests: what is bound to come may take
# its time. How soon it comes is measured by the bench.
expect.set_options(timeout=30_000)

PATIENCE_S = 30
"""So long an answer of a service is waited for: on a machine that is busy it is late, not lost."""
STORY_S = 300
"""For a test that says nothing else: it starts a station, and lives through a part of its day."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(STORY_S))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One for all tests of the process, each of which has contexts of its own in it: it costs as
    much to start as a test does. It is bound to a loop, which the tests of pages share."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=_installed(), args=["--no-sandbox"], headless=True
        )
        yield browser
        await browser.close()


def _installed() -> str:
    if path := chromium_path():
        return path
    if os.environ.get("CI"):
        pytest.fail("no Chromium: scripts/setup-browser could not install it")
    pytest.skip("NO CHROMIUM, no page was looked at: run scripts/setup-browser as root")


@pytest_asyncio.fixture(loop_scope="session")
async def nats_server(tmp_path: Path) -> AsyncIterator[TestNats]:
    async with running_nats(tmp_path) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def site(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Site]:
    whole = running_whole(nats_server, database, command_timeout_s=PATIENCE_S)
    async with whole as gateway, served(gateway) as (host, port):
        url = f"http://{host}:{port}"
        headers = {"Authorization": f"Bearer {await gateway.token('administrator', 'admin')}"}
        async with httpx.AsyncClient(base_url=url + API, headers=headers) as office:
            yield Site(url, gateway, office)
    await _end_the_look_out()


async def _end_the_look_out() -> None:
    """sse-starlette has one task for each thread that looks whether the server stops, and believes
    that it runs: in this loop, which stands still while tests of other things have theirs."""
    tasks = [each for each in asyncio.all_tasks() if _name_of(each) == "_shutdown_watcher"]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _name_of(task: asyncio.Task[object]) -> str:
    return getattr(task.get_coro(), "__qualname__", "")


async def closed(context: BrowserContext) -> None:
    """An answer that a test still holds on its way when it ends is nobody's fault."""
    await context.unroute_all(behavior="ignoreErrors")
    for page in context.pages:
        await page.unroute_all(behavior="ignoreErrors")
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browse(chromium: Browser, site: Site) -> AsyncIterator[Open]:
    """``await browse(role="advisor", size=DESK)``: somebody with a browser of their own. At the end
    no page of theirs may have complained, nor asked another host for anything."""
    async with AsyncExitStack() as contexts:
        visitors: list[Visitor] = []

        async def browse(**wishes: object) -> Visitor:
            visitor = await opened(chromium, site, **wishes)  # type: ignore[arg-type]
            contexts.push_async_callback(closed, visitor.page.context)
            visitors.append(visitor)
            return visitor

        yield browse
        for visitor in visitors:
            assert [
                said
                for said in visitor.complaints
                if not any(part in said for part in visitor.forgiven)
            ] == []
            assert visitor.strangers == []
