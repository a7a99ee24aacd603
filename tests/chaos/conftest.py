from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from deploy import topology
from tests.support.broker import TestNats
from tests.support.cluster import shared_cluster
from tests.support.databases import Databases
from tests.support.day import Station, running_station

CLUSTER = "CHAOS_CLUSTER"
"""The folder of a PostgreSQL that several runs share, one after the other: see ``mutants``."""


@pytest.fixture
async def station(
    nats_server: TestNats, database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Station]:
    """Orders is the service on which delivery is tried out; audit shows what arrived. What is not
    acknowledged comes again soon."""
    monkeypatch.setattr(topology, "ACK_WAIT_S", 3)
    async with running_station(nats_server, database, "orders", "audit") as station:
        yield station


if CLUSTER in os.environ:

    @pytest.fixture(scope="session")
    def databases() -> Iterator[Databases]:
        folder = Path(os.environ[CLUSTER])
        with shared_cluster(folder) as url:
            databases = Databases(url, folder, f"run_{os.getpid()}")
            yield databases
            databases.close()
