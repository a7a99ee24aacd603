from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.broker import TestNats
from tests.support.day import Station, running_station


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    """Only clients runs: it needs none of the others."""
    async with running_station(nats_server, database, "clients") as station:
        yield station
