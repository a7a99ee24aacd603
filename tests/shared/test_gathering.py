"""Who only listens gathers its events, and never when there is enough to do at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from shared.contracts.orders import CreateSection
from shared.messaging.envelope import opening
from shared.messaging.jobs import Job
from shared.messaging.lane import MAX_BATCH
from shared.service import service_named
from tests.shared.test_delivery import a_payment
from tests.shared.test_refused_in_batches import job
from tests.support.business import OWNER, Business

FOR_EVER_S = 600.0
LONG_S = 60.0


@pytest.fixture
async def business(database: Callable[[str], str]) -> AsyncIterator[Business]:
    business = Business(database, "orders", gather_s=FOR_EVER_S)
    await business.open()
    yield business
    await business.close()


def heard() -> Job:
    """An event that is of no order, so that it costs its handler nothing."""
    event = a_payment(None)
    subject = type(event).subject
    route = service_named("orders").handlers.events[subject]
    return Job(route, event, opening("/station-1/finance", subject, OWNER), b"")


async def test_a_backlog_is_handled_as_fast_as_its_batches_end(business: Business) -> None:
    lane = business.members["orders"].lanes[0]

    async with asyncio.timeout(LONG_S):
        await asyncio.gather(*(lane.submit(heard()) for _ in range(4 * MAX_BATCH)))


async def test_a_full_batch_that_comes_meanwhile_ends_the_wait(business: Business) -> None:
    lane = business.members["orders"].lanes[0]
    await lane.submit(heard())  # from here on it gathers
    early = asyncio.create_task(lane.submit(heard()))
    await asyncio.sleep(0)

    async with asyncio.timeout(LONG_S):
        await asyncio.gather(early, *(lane.submit(heard()) for _ in range(MAX_BATCH - 1)))


async def test_a_command_behind_a_full_batch_does_not_wait(business: Business) -> None:
    lane = business.members["orders"].lanes[0]
    events = [heard() for _ in range(2 * MAX_BATCH + 44)]
    command = job("orders", CreateSection(name="Кузовной"))

    async with asyncio.timeout(LONG_S):
        await asyncio.gather(*(lane.submit(each) for each in [*events, command]))


async def test_an_event_alone_waits_until_a_command_comes(business: Business) -> None:
    lane = business.members["orders"].lanes[0]
    await lane.submit(job("orders", CreateSection(name="Кузовной")))
    event = asyncio.create_task(lane.submit(heard()))
    await asyncio.sleep(0.1)
    assert not event.done()

    async with asyncio.timeout(LONG_S):
        await lane.submit(job("orders", CreateSection(name="Малярный")))
        await event
