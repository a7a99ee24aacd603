from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from services.gateway.users import ensure_demo_users
from shared.service import consumed_subjects, service_named
from shared.settings import SERVICES, ServiceSettings
from tests.gateway.support import FakeServices, TestGateway, running_gateway
from tests.support.broker import TestNats

BUSINESS = SERVICES[:-1]


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
    await nats_server.apply_topology({name: consumed_subjects(name) for name in BUSINESS})
    async with AsyncExitStack() as stack:
        behind = {}
        for name in BUSINESS:
            settings = ServiceSettings(
                service=name, database_url=database(name), nats_url=nats_server.url(name)
            )
            behind[name] = await stack.enter_async_context(service_named(name).running(settings))
        url = database("gateway")
        await ensure_demo_users(url)
        gateway = await stack.enter_async_context(running_gateway(nats_server, url))
        gateway.behind = behind
        yield gateway
