"""The journal verified from a shell, through its service and without it."""

from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from shared.contracts.audit import VerifyChain
from shared.contracts.orders import OrderChanged
from shared.ids import new_id
from tests.deploy.operating import Outcome, environment_of, pitlane_beside, pitlane_on
from tests.support.broker import TestNats
from tests.support.databases import as_owner
from tests.support.day import Station, running_station
from tests.support.waiting import eventually

DATABASE = "PITLANE_AUDIT_DATABASE_URL"


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    """Audit alone, with five records, the last of them noted outside its database."""
    async with running_station(nats_server, database, "audit") as station:
        for number in range(1, 6):
            event = OrderChanged(order_id=new_id(), number=f"A-{number:06d}", revision=number)
            await station.publish(event, "orders")

        async def is_noted() -> bool:
            return (await station.ask(VerifyChain())).anchored == 5

        await eventually(is_noted)
        yield station


async def verify(station: Station, *arguments: str) -> Outcome:
    return await pitlane_on(station, "audit", "verify", *arguments)


async def pitlane_with(environment: dict[str, str]) -> Outcome:
    return await pitlane_beside("audit", "verify", environment=environment)


async def tamper(station: Station, statement: str) -> None:
    owner = await asyncpg.connect(as_owner(station.database_urls["audit"]))
    await owner.execute(statement)
    await owner.close()


@pytest.mark.parametrize("arguments", [[], ["--direct"]])
async def test_untouched_journal_is_intact(station: Station, arguments: list[str]) -> None:
    head = (await station.ask(VerifyChain())).head
    outcome = await verify(station, *arguments)
    assert outcome == Outcome(
        0,
        f"intact: 5 records, head {head}; noted outside the database up to record 5\n",
        "",
    )


@pytest.mark.parametrize("arguments", [[], ["--direct"]])
async def test_every_fault_is_named(station: Station, arguments: list[str]) -> None:
    await tamper(station, "UPDATE records SET actor = 'nobody' WHERE seq = 2")
    await tamper(station, "DELETE FROM records WHERE seq IN (3, 5)")
    outcome = await verify(station, *arguments)
    assert outcome.exit_code == 1
    changed, removed, truncated, verdict = outcome.stdout.splitlines()
    assert changed.startswith("record 2 (event ")
    assert changed.endswith("): changed")
    assert (removed, truncated) == ("record 3: removed", "record 5: truncated")
    assert verdict.startswith("NOT INTACT: 3 records")


async def test_without_the_service_its_database_is_read(station: Station) -> None:
    await station.stop("audit")
    outcome = await verify(station)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("intact: 5 records")


async def test_where_the_database_is_not_known_the_service_is_asked(station: Station) -> None:
    before = environment_of(station)
    del before[DATABASE]
    outcome = await pitlane_with(before)
    assert outcome.exit_code == 0
    assert outcome.stdout.startswith("intact: 5 records")


async def test_without_nats_the_end_of_the_journal_is_not_vouched_for(station: Station) -> None:
    await station.stop("audit")
    outcome = await pitlane_with({DATABASE: station.database_urls["audit"]})
    assert outcome.exit_code == 0
    assert "its end not compared" in outcome.stdout


async def test_without_anything_to_ask_it_says_what_it_needs(station: Station) -> None:
    await station.stop("audit")
    outcome = await pitlane_with({"PITLANE_NATS_OPS_URL": station.nats.url("ops")})
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr.endswith(f"without it, {DATABASE} is needed\n")


async def test_database_that_does_not_answer_is_told() -> None:
    outcome = await pitlane_with({DATABASE: "postgresql://127.0.0.1:1/none"})
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert "the database of audit does not answer" in outcome.stderr
