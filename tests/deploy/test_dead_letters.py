"""Dead letters, as an operator finds and settles them."""

import asyncio
import getpass
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.base import Done
from shared.contracts.clients import ClientCreated, ClientView
from shared.contracts.operations import RequeueDeadLetter, addressed_to
from shared.contracts.orders import OrderView
from shared.ids import new_id
from shared.messaging import consumer
from shared.messaging.envelope import opening
from shared.messaging.housekeeping import Housekeeping
from shared.messaging.jobs import Job
from shared.operations import Operations
from shared.refusals import Refused
from shared.service import service_named
from tests.deploy.operating import Outcome, a_dead_letter, a_payment, is_parked, pitlane, pitlane_on
from tests.support.broker import TestNats
from tests.support.databases import as_owner
from tests.support.day import ADMIN, Station, running_station
from tests.support.waiting import eventually

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NO_TIME = timedelta()

pytestmark = pytest.mark.usefixtures("hasty_retries")


@pytest.fixture
def hasty_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "RETRY_DELAYS_S", (0.05,))


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    """Orders is the service whose letters die; audit shows who decided."""
    async with running_station(nats_server, database, "orders", "audit") as station:
        yield station


async def an_order(station: Station) -> OrderView:
    client = ClientView(
        id=new_id(), name="Иванов", last_name="Иванов", revision=1, created_at=NOW, updated_at=NOW
    )
    await station.publish(ClientCreated(client=client), "clients")
    await station.settle_down()
    return await station.an_order(client_id=client.id)


async def dead_letters(station: Station, *arguments: str, typed: str = "") -> Outcome:
    """Of the two services that run: the others would be told to be down."""
    return await pitlane_on(station, "dead-letters", *arguments, "--service", "orders", typed=typed)


async def test_letters_are_listed_with_their_reasons_the_oldest_first(station: Station) -> None:
    assert (await dead_letters(station, "list")).stdout == "no dead letters\n"
    ids = [await a_dead_letter(station) for _ in range(2)]
    outcome = await dead_letters(station, "list")
    assert outcome.exit_code == 0
    lines = outcome.stdout.splitlines()
    assert [UUID(line.split()[0]) for line in lines] == ids
    assert all("orders" in line and "evt.finance.payment_taken.v1" in line for line in lines)
    assert all("2 tries since" in line and "order_not_found" in line for line in lines)


async def test_services_that_are_down_are_told_and_the_others_listed(station: Station) -> None:
    event_id = await a_dead_letter(station)
    outcome = await pitlane_on(station, "dead-letters", "list")
    assert outcome.exit_code == 0
    assert outcome.stdout.startswith(str(event_id))
    assert [line.split(":")[0] for line in outcome.stderr.splitlines()] == [
        "clients",
        "inventory",
        "finance",
        "documents",
    ]
    one = await pitlane_on(station, "dead-letters", "list", "--service", "finance")
    assert one.exit_code == 1
    assert one.stderr.startswith("pitlane: finance: ")


async def test_a_letter_is_shown_with_everything_that_was_in_it(station: Station) -> None:
    event_id = await a_dead_letter(station)
    shown = (await dead_letters(station, "show", str(event_id))).stdout
    for part in (
        f"event      {event_id}",
        "subject    evt.finance.payment_taken.v1",
        "service    orders",
        "attempts   2",
        "order_not_found",
        f"  ce-id: {event_id}",
        "  ce-source: /station-1/finance",
        '      "amount": "100"',
    ):
        assert part in shown, shown


@pytest.mark.parametrize("command", ["show", "requeue", "drop"])
async def test_a_letter_that_does_not_exist_is_told(station: Station, command: str) -> None:
    nobody = str(new_id())
    outcome = await dead_letters(station, command, nobody)
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr == f"pitlane: no dead letter has this id: {nobody}\n"


@pytest.mark.parametrize("command", ["requeue", "drop"])
async def test_without_a_yes_nothing_happens(station: Station, command: str) -> None:
    event_id = await a_dead_letter(station)
    outcome = await dead_letters(station, command, str(event_id), typed="n\n")
    assert outcome.exit_code == 1
    assert str(event_id) in outcome.stdout
    assert await is_parked(station, event_id)


@pytest.mark.parametrize("command", ["requeue", "drop"])
async def test_letters_must_be_named_or_all_be_meant(station: Station, command: str) -> None:
    event_id = await a_dead_letter(station)
    for arguments in ([], ["--all", str(event_id)]):
        outcome = await dead_letters(station, command, "--yes", *arguments)
        assert outcome.exit_code == 2
        assert "name events, or say --all" in outcome.stderr
    assert await is_parked(station, event_id)


async def test_dropped_letters_are_gone_and_the_audit_knows_who_dropped_them(
    station: Station,
) -> None:
    ids = [await a_dead_letter(station) for _ in range(2)]
    outcome = await dead_letters(station, "drop", "--all", "--yes")
    assert outcome.stdout.splitlines() == [f"orders {event_id}: dropped" for event_id in ids]
    assert (await dead_letters(station, "list")).stdout == "no dead letters\n"

    async def is_recorded() -> bool:
        records = await station.records(event="evt.orders.dead_letter_decided.v1")
        return {UUID(record.body["event_id"]) for record in records} == set(ids) and all(
            (record.actor, record.actor_role, record.body["decision"])
            == (getpass.getuser(), "operator", "dropped")
            for record in records
        )

    await eventually(is_recorded)


async def test_requeued_letters_are_handled_and_what_fails_again_stays(station: Station) -> None:
    order = await an_order(station)
    owner = await asyncpg.connect(as_owner(station.database_urls["orders"]))
    await owner.execute("ALTER TABLE orders RENAME TO orders_away")
    hopeless = await a_dead_letter(station)
    hopeful = await station.publish(a_payment(order.id), "finance")
    await eventually(lambda: is_parked(station, hopeful))
    await owner.execute("ALTER TABLE orders_away RENAME TO orders")
    await owner.close()

    outcome = await dead_letters(station, "requeue", str(hopeless), str(hopeful), typed="y\n")

    assert outcome.exit_code == 1
    assert f"orders {hopeful}: handled" in outcome.stdout
    assert f"orders {hopeless}: " in outcome.stderr
    assert await is_parked(station, hopeless)
    assert not await is_parked(station, hopeful)
    assert (await station.order(order.id)).paid == Decimal(100)


async def test_letter_that_is_swept_as_soon_as_it_is_handled_is_decided_all_the_same(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, running = await an_order(station), station.running["orders"]
    owner = await asyncpg.connect(as_owner(station.database_urls["orders"]))
    await owner.execute("ALTER TABLE orders RENAME TO orders_away")
    event_id = await station.publish(a_payment(order.id), "finance")
    await eventually(lambda: is_parked(station, event_id))
    await owner.execute("ALTER TABLE orders_away RENAME TO orders")
    await owner.close()
    submit = running.lane.submit

    async def submit_and_sweep(job: Job) -> bytes:
        reply = await submit(job)
        await Housekeeping(running.engine, 90).sweep()
        return reply

    monkeypatch.setattr(running.lane, "submit", submit_and_sweep)

    outcome = await dead_letters(station, "requeue", str(event_id), "--yes")

    assert (outcome.exit_code, outcome.stdout) == (0, f"orders {event_id}: handled\n")
    assert (await station.order(order.id)).paid == Decimal(100)
    await station.settle_down()
    (record,) = await station.records(event="evt.orders.dead_letter_decided.v1")
    assert record.body["decision"] == "requeued"


async def test_of_two_who_requeue_a_letter_at_once_one_is_told_that_it_is_decided(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, running = await an_order(station), station.running["orders"]
    owner = await asyncpg.connect(as_owner(station.database_urls["orders"]))
    await owner.execute("ALTER TABLE orders RENAME TO orders_away")
    event_id = await station.publish(a_payment(order.id), "finance")
    await eventually(lambda: is_parked(station, event_id))
    await owner.execute("ALTER TABLE orders_away RENAME TO orders")
    await owner.close()
    submit, both = running.lane.submit, asyncio.Barrier(2)

    async def submit_together(job: Job) -> bytes:
        await both.wait()  # each has seen the letter
        return await submit(job)

    monkeypatch.setattr(running.lane, "submit", submit_together)

    operations = Operations(running, service_named("orders").handlers.events)
    requeue = operations.by_subject[addressed_to(RequeueDeadLetter, "orders")].answer
    who = opening("/station-1/gateway", "test", ADMIN)

    ends = await asyncio.gather(
        *(requeue(RequeueDeadLetter(event_id=event_id), who) for _ in range(2)),
        return_exceptions=True,
    )

    (refusal,) = [end for end in ends if isinstance(end, Refused)]
    assert refusal.code == "dead_letter_decided"
    assert Done() in ends
    assert (await station.order(order.id)).paid == Decimal(100)
    await station.settle_down()
    assert len(await station.records(event="evt.orders.dead_letter_decided.v1")) == 1


async def test_letter_that_nobody_tries_any_more_is_for_operators_to_decide(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As poison that went with the broker's store, and that no outbox has."""
    monkeypatch.setattr(consumer, "RETRY_DELAYS_S", (3600,))
    gone, handled, tried = [await station.publish(a_payment(new_id()), "finance") for _ in range(3)]
    owner = await asyncpg.connect(as_owner(station.database_urls["orders"]))

    async def failed_once() -> bool:
        count: int = await owner.fetchval("SELECT count(*) FROM dead_letters")
        return count == 3

    await eventually(failed_once)
    await owner.execute(
        "UPDATE dead_letters SET last_failed_at = now() - interval '61 minutes'"
        " WHERE event_id <> $1",
        tried,
    )
    # Brought anew by a stream that was rebuilt.
    await owner.execute("INSERT INTO inbox (event_id) VALUES ($1)", handled)
    assert (await dead_letters(station, "list")).stdout == "no dead letters\n"

    await Housekeeping(station.running["orders"].engine, 90).sweep()

    (line,) = (await dead_letters(station, "list")).stdout.splitlines()
    assert line.startswith(str(gone))
    assert "1 tries since" in line
    left = await owner.fetch("SELECT event_id FROM dead_letters WHERE parked_at IS NULL")
    await owner.close()
    assert [row["event_id"] for row in left] == [tried]
    outcome = await dead_letters(station, "drop", str(gone), "--yes")
    assert outcome.stdout == f"orders {gone}: dropped\n"


async def test_what_claims_the_id_of_a_handled_event_stays_for_operators(station: Station) -> None:
    """It never was that event; nor is forgotten what follows from an event and goes on failing."""
    claimed, brought_anew, has_more_to_it = new_id(), new_id(), new_id()
    owner = await asyncpg.connect(as_owner(station.database_urls["orders"]))
    await owner.executemany(
        "INSERT INTO dead_letters (event_id, subject, headers, body, reason, attempts, parked_at)"
        " VALUES ($1, 'evt.finance.payment_taken.v1', '{}', '', 'not a valid event', $2, now())",
        [(claimed, 1), (brought_anew, 9), (has_more_to_it, 9)],
    )
    await owner.executemany(
        "INSERT INTO inbox (event_id, handled_at) VALUES ($1, now() - $2::interval)",
        [(claimed, NO_TIME), (brought_anew, NO_TIME), (has_more_to_it, timedelta(minutes=9))],
    )

    await Housekeeping(station.running["orders"].engine, 90).sweep()

    left = await owner.fetch("SELECT event_id FROM dead_letters")
    await owner.close()
    assert {row["event_id"] for row in left} == {claimed, has_more_to_it}


def test_without_a_station_it_is_told(tmp_path: Path) -> None:
    outcome = pitlane("dead-letters", "list", "--data-dir", str(tmp_path))
    assert outcome.exit_code == 1
    assert outcome.stderr == f"pitlane: there is no station in {tmp_path}\n"


def test_a_broker_that_does_not_answer_is_told_without_its_password() -> None:
    environment = {"PITLANE_NATS_OPS_URL": "nats://ops:secret@127.0.0.1:1"}
    outcome = pitlane("dead-letters", "list", environment=environment)
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith("pitlane: NATS at nats://ops:***@127.0.0.1:1 does not answer")
    assert "secret" not in outcome.stderr
