"""A process that serves sleeps until something comes, and stops as soon as it is told to."""

from __future__ import annotations

import asyncio
import signal
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


async def test_who_is_told_to_stop_does_not_wait_for_the_next_tick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving, "TICK_S", 3600.0)
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


async def test_who_was_told_before_it_began_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "TICK_S", 3600.0)
    server = serving.Server(uvicorn.Config(nothing, lifespan="off", **serving.OPTIONS))
    server.handle_exit(signal.SIGTERM, None)
    async with asyncio.timeout(PATIENCE_S):
        await server.main_loop()
