"""The head that is noted outside the database: what was cut off stays found."""

from __future__ import annotations

import asyncpg
import pytest
from structlog.testing import capture_logs

from services.audit import anchor
from services.audit.domain import MAX_FAULTS, Head, Verification, sealed
from shared.contracts.audit import ChainState
from tests.audit.test_domain import a_chain, a_fact, copy_of, faults
from tests.audit.test_handlers import anchored, tell, verify
from tests.support.databases import as_owner
from tests.support.day import Station
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchor, "SWEEP_S", 0.1)


async def tamper(station: Station, statement: str) -> None:
    owner = await asyncpg.connect(as_owner(station.database_urls["audit"]))
    await owner.execute(statement)
    await owner.close()


def named(state: ChainState) -> list[tuple[int, str]]:
    return [(fault.seq, fault.fault) for fault in state.faults]


async def anchoring_refuses(station: Station) -> None:
    """Waits until the service has looked at the tampered chain and left its note alone."""
    with capture_logs() as logs:

        async def refused() -> bool:
            return any(line["event"] == "chain_contradicts_anchor" for line in logs)

        await eventually(refused)


async def test_cut_end_is_found_however_late_somebody_looks(station: Station) -> None:
    await tell(station, 10)
    await anchored(station, 10)
    await tamper(station, "DELETE FROM records WHERE seq > 8")
    await anchoring_refuses(station)
    state = await verify(station)
    assert (state.anchored, named(state)) == (10, [(9, "truncated"), (10, "truncated")])


async def test_chain_goes_on_from_where_it_was_before_its_end_was_cut(station: Station) -> None:
    await tell(station, 10)
    await anchored(station, 10)
    await tamper(station, "DELETE FROM records WHERE seq > 8")
    await tell(station, 5)
    await anchoring_refuses(station)
    state = await verify(station)
    assert (state.records, named(state)) == (13, [(9, "removed"), (10, "removed")])


async def test_cut_end_is_found_after_the_chain_has_grown_over_it(station: Station) -> None:
    await tell(station, 10)
    await anchored(station, 10)
    await station.stop("audit")
    await tamper(station, "DELETE FROM records WHERE seq > 8")
    await station.start("audit")
    await tell(station, 5)
    await anchoring_refuses(station)
    state = await verify(station)
    assert (state.records, state.anchored, named(state)) == (13, 10, [(10, "changed")])


async def test_restarted_service_does_not_forget_what_was_noted(station: Station) -> None:
    await tell(station, 10)
    await anchored(station, 10)
    await station.stop("audit")
    await tamper(station, "DELETE FROM records WHERE seq > 8")
    with capture_logs() as logs:
        await station.start("audit")

        async def refused() -> bool:
            return any(line["event"] == "chain_contradicts_anchor" for line in logs)

        await eventually(refused)
    assert named(await verify(station)) == [(9, "truncated"), (10, "truncated")]


async def test_growing_chain_is_noted_again_and_again(station: Station) -> None:
    await tell(station, 3)
    await anchored(station, 3)
    await tell(station, 4)
    assert (await anchored(station, 7)).intact


@pytest.mark.parametrize("seq", [1_000, 2**62])
def test_absurd_number_is_named_without_counting_up_to_it(seq: int) -> None:
    links = a_chain(3)
    forged = sealed(a_fact(), Head(seq - 1, links[-1][0].hash))
    assert len(faults([*links, (forged, copy_of(forged))])) == MAX_FAULTS
    verification = Verification()
    verification.compare(Head(seq, "0" * 64), None)
    assert len(verification.faults) == MAX_FAULTS
