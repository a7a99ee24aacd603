from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.documents.messages_at_work import AtWork, messages_at_work
from tests.support.broker import TestNats


@pytest.fixture
async def at_work(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[AtWork]:
    """Clients and documents; orders is stood in for, and the sender is stepped by hand."""
    async with messages_at_work(nats_server, database) as at_work:
        yield at_work
