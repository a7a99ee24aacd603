"""A short campaign, always the same one: the long ones are `make chaos`."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy import topology
from deploy.local import stream_watch
from shared.messaging.retries import RETRY_DELAYS_S
from tests.chaos import haste
from tests.chaos.campaign import Campaign, Plan
from tests.chaos.crash_points import POINTS, armed_for
from tests.chaos.faults import WEIGHTS, drawn

SEED = 8
FAULTS = 6
KINDS = ("crash", "kill", "again", "poison", "freeze")


@pytest.mark.timeout(400)
async def test_a_station_under_faults_loses_and_doubles_nothing(tmp_path: Path) -> None:
    plan = Plan(seed=SEED, faults=FAULTS, only=KINDS, people=2)
    outcome = await Campaign(plan, tmp_path).run()
    assert outcome.findings == []
    assert outcome.orders > 0
    assert outcome.done.total() > 0


def test_a_seed_draws_the_same_faults_again() -> None:
    drawn_once = drawn("5.1", 5000)
    assert drawn("5.1", 5000) == drawn_once
    assert drawn("5.2", 5000) != drawn_once
    assert {fault.kind for fault in drawn_once} == set(WEIGHTS)


def test_a_seed_comes_to_every_point_and_to_all_who_come_there_at_once() -> None:
    crashes = {fault.target for fault in drawn("5.1", 20_000, ["crash"])}
    assert crashes == {
        f"{process}.{point}"
        for point, processes in POINTS.items()
        for process in (*processes, "everybody")
    }
    assert armed_for("orders.before_ack") == [("orders", "before_ack")]
    assert armed_for("everybody.after_fold") == [
        ("finance", "after_fold"),
        ("inventory", "after_fold"),
        ("orders", "after_fold"),
    ]


def test_nothing_is_parked_while_what_it_waits_for_is_with_somebody_who_died() -> None:
    """In truth, and where all is hastier: an order's second completion was parked, since its
    reopening was given to a process that was killed with it."""
    for delays, ack_wait_s, owed_for_s in (
        (RETRY_DELAYS_S, topology.ACK_WAIT_S, stream_watch.OWED_FOR_S),
        (haste.RETRY_DELAYS_S, haste.ACK_WAIT_S, haste.OWED_FOR_S),
    ):
        assert sum(delays) > 5 * ack_wait_s
        assert owed_for_s > sum(delays) + len(delays) * ack_wait_s
