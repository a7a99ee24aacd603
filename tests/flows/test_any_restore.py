"""A service whose database is put back to an earlier moment hears once more what it heard since,
and is where it was: whatever it tells anew, nobody counts it twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.contracts.base import Command
from tests.flows.histories.counter import Till
from tests.flows.histories.office import Office
from tests.flows.histories.station import Station
from tests.flows.histories.store import Purchases, Shelves, Store
from tests.support.databases import Databases
from tests.support.histories import seeds

STEPS = 80


class Deaf(Station):
    """A station, one service of which does what others tell it, and nothing of its own."""

    deaf: str | None = None

    async def send[ReplyT](self, command: Command[ReplyT]) -> ReplyT | None:
        if type(command).subject.split(".")[1] == self.deaf:
            return None
        return await super().send(command)


class A(Deaf, Till, Purchases, Store, Office): ...


class B(Deaf, Till, Purchases, Store): ...


class C(Deaf, Till, Shelves, Office): ...


@pytest.mark.parametrize(("service", "people"), [("documents", A), ("clients", B), ("inventory", C), ("orders", A)])
@pytest.mark.parametrize("seed", seeds(2))
async def test_a_service_that_was_put_back_comes_to_the_same(
    seed: int, service: str, people: type[Deaf], database: Callable[[str], str], databases: Databases
) -> None:
    station = people(database, seed)
    business = station.business
    try:
        await station.open()
        await station.goes_on(STEPS)
        member, heard = business.members[service], len(business.heard[service])
        await member.engine.dispose()
        copy = databases.copy(member.settings.database_url)
        station.deaf = service
        await station.goes_on(STEPS)
        await business.drain(station.random)
        assert await station.differences() == []
        await business.put_back(service, copy, heard)
        await business.drain()
        assert await station.differences() == []
    finally:
        await business.close()
