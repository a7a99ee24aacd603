"""A service whose database is put back to an earlier moment hears once more what it heard since,
and is where it was: what it tells anew, nobody counts twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.flows.histories.counter import Till
from tests.flows.histories.office import Office
from tests.flows.histories.store import Purchases, Store
from tests.support.databases import Databases
from tests.support.histories import seeds

STEPS = 60


class Everything(Till, Purchases, Store, Office):
    """Whatever people do."""


@pytest.mark.parametrize("service", ["documents", "orders"])
@pytest.mark.parametrize("seed", seeds(1))
async def test_a_service_that_was_put_back_comes_to_the_same(
    seed: int,
    service: str,
    database: Callable[[str], str],
    databases: Databases,
) -> None:
    station = Everything(database, seed)
    business = station.business
    try:
        await station.open()
        await station.goes_on(STEPS)
        member, heard = business.members[service], len(business.heard[service])
        await member.disconnect()
        earlier = databases.copy(member.settings.database_url)
        business.away.add(service)
        await station.goes_on(STEPS)
        assert await station.differences() == []
        await business.put_back(service, earlier, heard)
        await business.drain()  # as it was told
        assert await station.differences() == []
    finally:
        await business.close()
    databases.drop(earlier)
