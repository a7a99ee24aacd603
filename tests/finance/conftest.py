from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.broker import TestNats
from tests.support.day import Station, running_station


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    """Only finance runs: the others' facts are published as they would be."""
    async with running_station(nats_server, database, "finance") as station:
        yield station
