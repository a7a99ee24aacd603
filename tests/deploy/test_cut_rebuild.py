"""The rebuilding of the stream, killed between two of its queries, and done again."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable

import pytest

from shared.contracts.audit import VerifyChain
from tests.deploy.operating import environment_of
from tests.deploy.test_events import (
    an_order_in_work,
    apply_topology,
    events_in_outboxes,
    events_in_stream,
    lose_the_store,
    rebuild,
    settled,
    told,
)
from tests.support.broker import TestNats
from tests.support.crashing import EXIT_CODE
from tests.support.day import Station, running_station

FAR = 16
"""A query between two batches, of which the first is in the stream."""


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    async with running_station(nats_server, database) as station:
        station.database_urls["gateway"] = database("gateway")
        yield station


async def cut_before(station: Station, query: int) -> int | None:
    """The exit code."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.deploy.cut_rebuild", str(query),
        env={**os.environ, **environment_of(station)},
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    return await process.wait()


async def test_whenever_it_is_killed_the_next_one_goes_on(station: Station) -> None:
    """Neither its turn nor its reader is left behind, and the services hear each event once, from
    whichever run."""
    await an_order_in_work(station)
    await lose_the_store(station)
    await apply_topology(station)
    total = (await events_in_outboxes(station)).total()
    come = []
    for query in (1, FAR):
        assert await cut_before(station, query) == EXIT_CODE
        come.append(len(await events_in_stream(station)))
    assert come[0] == 0
    assert 0 < come[1] < total

    outcome = await rebuild(station, "--yes")

    assert outcome.exit_code == 0, outcome
    assert told(outcome, "put back").total() == total - come[1]
    in_stream = await events_in_stream(station)
    assert len(in_stream) == len(set(in_stream)) == total
    await settled(station)
    recorded = [record.event_id for record in await station.records()]
    assert sorted(recorded) == sorted(in_stream)
    assert (await station.ask(VerifyChain())).intact
