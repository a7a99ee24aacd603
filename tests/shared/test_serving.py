"""A process that serves sleeps until something comes, and stops as soon as it is told to."""

from __future__ import annotations

import asyncio
import signal

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from shared import serving
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


async def test_who_was_told_before_it_began_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "TICK_S", 3600.0)
    server = serving.Server(uvicorn.Config(nothing, lifespan="off", **serving.OPTIONS))
    server.handle_exit(signal.SIGTERM, None)
    async with asyncio.timeout(PATIENCE_S):
        await server.main_loop()
