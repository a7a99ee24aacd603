"""A process that serves sleeps until something comes, and stops as soon as it is told to."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.lifespan.on import LifespanOn

from shared import serving
from shared.health import health_app, without_trace
from shared.refusals import Refused
from shared.service import Running
from shared.settings import ServiceSettings
from tests.support.waiting import PATIENCE_S


async def nothing(_: Scope, __: Receive, ___: Send) -> None: ...


async def test_who_is_told_to_stop_ends_at_once() -> None:
    server = serving.Server(uvicorn.Config(nothing, lifespan="off", **serving.OPTIONS))
    running = asyncio.create_task(server.main_loop())
    await asyncio.sleep(0)

    server.handle_exit(signal.SIGTERM, None)

    async with asyncio.timeout(PATIENCE_S):
        await running


async def test_of_a_refused_start_the_framework_tells_no_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @asynccontextmanager
    async def refused(_: ServiceSettings) -> AsyncIterator[Running]:
        raise Refused("vat_rate_not_fiscal", percent="18")
        yield

    app = health_app(cast(ServiceSettings, None), refused)
    lifespan = LifespanOn(uvicorn.Config(without_trace(app), **serving.OPTIONS))

    await lifespan.startup()

    assert lifespan.should_exit
    assert app.state.refused.code == "vat_rate_not_fiscal"
    assert not [record for record in caplog.records if "Traceback" in record.getMessage()]


async def test_who_was_told_before_it_began_ends_too() -> None:
    server = serving.Server(uvicorn.Config(nothing, lifespan="off", **serving.OPTIONS))
    server.handle_exit(signal.SIGTERM, None)
    async with asyncio.timeout(PATIENCE_S):
        await server.main_loop()


async def test_an_answer_has_the_date_of_its_second(monkeypatch: pytest.MonkeyPatch) -> None:
    server = serving.Server(uvicorn.Config(nothing, lifespan="off", **serving.OPTIONS))
    server.config.load()
    running = asyncio.create_task(server.main_loop())
    await asyncio.sleep(0)

    def date_at(now: float) -> bytes:
        monkeypatch.setattr(time, "time", lambda: now)
        return dict(server.server_state.default_headers)[b"date"]

    assert date_at(1_000_000_000.9) == b"Sun, 09 Sep 2001 01:46:40 GMT"
    assert date_at(1_000_000_001.0) == b"Sun, 09 Sep 2001 01:46:41 GMT"
    assert dict(server.server_state.default_headers)[b"server"] == b"uvicorn"
    server.handle_exit(signal.SIGTERM, None)
    await running
