"""Pages in a real Chromium, against the whole station behind a real HTTP server."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from playwright.async_api import async_playwright, expect
from playwright.sync_api import sync_playwright

from tests.browser.visitors import Open, Site, Visitor, opened
from tests.gateway.support import API, running_whole, served
from tests.support.broker import TestNats

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


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's own; ``scripts/setup-browser`` sees to it."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    if os.environ.get("CI"):
        pytest.fail("no Chromium: scripts/setup-browser could not install it")
    pytest.skip("NO CHROMIUM, no page was looked at: run scripts/setup-browser as root")


@pytest.fixture(scope="session")
def chromium_at(chromium: str) -> Iterator[str]:
    """One for all tests of the process, each of which has contexts of its own in it: a start costs
    as much as a test. Playwright looks after it in a thread: it is bound to a loop, and each test
    has another."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    runs, over = threading.Event(), threading.Event()

    def run() -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium,
                args=["--no-sandbox", f"--remote-debugging-port={port}"],
                headless=True,
            )
            runs.set()
            over.wait()
            browser.close()

    thread = threading.Thread(target=run, name="chromium")
    thread.start()
    try:
        assert runs.wait(PATIENCE_S * 2)
        yield f"http://127.0.0.1:{port}"
    finally:
        over.set()
        thread.join()


@pytest.fixture
async def site(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Site]:
    whole = running_whole(nats_server, database, command_timeout_s=PATIENCE_S)
    async with whole as gateway, served(gateway) as (host, port):
        url = f"http://{host}:{port}"
        headers = {"Authorization": f"Bearer {await gateway.token('administrator', 'admin')}"}
        async with httpx.AsyncClient(base_url=url + API, headers=headers) as office:
            yield Site(url, gateway, office)


@pytest.fixture
async def browse(chromium_at: str, site: Site) -> AsyncIterator[Open]:
    """``await browse(role="advisor", size=DESK)``: somebody with a browser of their own. At the end
    no page of theirs may have complained, nor asked another host for anything."""
    async with async_playwright() as playwright, AsyncExitStack() as stack:
        browser = await playwright.chromium.connect_over_cdp(chromium_at)
        stack.push_async_callback(browser.close)
        visitors: list[Visitor] = []

        async def browse(**wishes: object) -> Visitor:
            visitors.append(await opened(browser, site, **wishes))  # type: ignore[arg-type]
            return visitors[-1]

        yield browse
        for visitor in visitors:
            assert [
                said
                for said in visitor.complaints
                if not any(part in said for part in visitor.forgiven)
            ] == []
            assert visitor.strangers == []
