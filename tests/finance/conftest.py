from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from services.finance import app
from tests.finance.at_the_register import AtTheRegister, Printer
from tests.support.broker import TestNats
from tests.support.day import Station, running_station


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    """Only finance runs: the others' facts are published as they would be."""
    async with running_station(nats_server, database, "finance") as station:
        yield station


@pytest.fixture
async def at_register(
    nats_server: TestNats, database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AtTheRegister]:
    """Receipts are made, and printed only when a test says so."""
    monkeypatch.setenv("PITLANE_FISCAL_ADAPTER", "file")
    monkeypatch.setattr(app, "register_of", lambda settings: None)
    async with running_station(nats_server, database, "finance") as station:
        yield AtTheRegister(station, Printer())
