from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from services.gateway import passwords
from tests.gateway.support import (
    SLOW_HASHER,
    SLOW_NOBODY,
    FakeServices,
    TestGateway,
    running_gateway,
    running_whole,
)
from tests.support.broker import TestNats


@pytest.fixture
def slow_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords as production keeps them; other tests, which sign in often, hash them quickly."""
    monkeypatch.setattr(passwords, "_hasher", SLOW_HASHER)
    monkeypatch.setattr(passwords, "_NOBODY", SLOW_NOBODY)


@pytest.fixture
async def gateway(
    nats_server: TestNats, database: Callable[[str], str]
) -> AsyncIterator[TestGateway]:
    """Nothing behind it: ``await services.start("orders")``."""
    await nats_server.apply_topology()
    async with running_gateway(nats_server, database("gateway")) as gateway:
        yield gateway


@pytest.fixture
async def services(nats_server: TestNats) -> AsyncIterator[FakeServices]:
    fakes = FakeServices(nats_server)
    yield fakes
    await fakes.stop()


@pytest.fixture
async def whole(
    nats_server: TestNats, database: Callable[[str], str]
) -> AsyncIterator[TestGateway]:
    """All services, and the demo's users."""
    async with running_whole(nats_server, database) as gateway:
        yield gateway
