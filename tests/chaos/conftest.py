from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from deploy import topology
from tests.support.broker import TestNats
from tests.support.day import Station, running_station


@pytest.fixture
def soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not acknowledged comes again soon; to be asked for before the station."""
    monkeypatch.setattr(topology, "ACK_WAIT_S", 3)


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    """Orders is the service on which delivery is tried out; audit shows what arrived."""
    async with running_station(nats_server, database, "orders", "audit") as station:
        yield station
