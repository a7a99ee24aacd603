from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.broker import TestNats
from tests.support.day import Station, running_station


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    """Everybody whom buying concerns; orders' facts are made by orders itself."""
    services = ("clients", "orders", "inventory", "finance", "documents")
    async with running_station(nats_server, database, *services) as station:
        yield station
