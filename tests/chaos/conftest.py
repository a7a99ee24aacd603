from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from deploy import topology
from tests.support.broker import TestNats
from tests.support.day import Station, running_station


@pytest.fixture
async def station(
    nats_server: TestNats, database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Station]:
    """Orders is the service on which delivery is tried out; audit shows what arrived. What is not
    acknowledged comes again soon."""
    monkeypatch.setattr(topology, "ACK_WAIT_S", 3)
    async with running_station(nats_server, database, "orders", "audit") as station:
        yield station
