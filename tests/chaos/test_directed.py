"""Each promise of delivery by itself, on a real broker and database: what ``mutants`` are run
against, besides the tests of the services."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import nats
import pytest
from sqlalchemy import delete, func, insert, select, text, update

from deploy import topology
from services.orders.app import service as orders_service
from services.orders.store.tables import clients
from shared.contracts.clients import ClientChanged, ClientCreated, ClientView
from shared.contracts.orders import AddComment, CreateSection, ListSections, ReferenceSaved
from shared.database import dead_letters, inbox, outbox, unpublished
from shared.handlers import Route
from shared.ids import new_id
from shared.messaging import consumer
from shared.messaging import inbox as inbox_code
from shared.messaging import outbox as outbox_code
from shared.messaging.envelope import opening
from shared.messaging.housekeeping import Housekeeping
from shared.messaging.jobs import Job
from shared.messaging.outbox import Outgoing
from shared.refusals import Refused
from shared.service import Running, consumed_subjects
from shared.writing import Pending
from tests.shared.test_delivery import NOW, a_payment, an_order, doomed
from tests.support.crashing import EXIT_CODE
from tests.support.day import ADMIN, Station
from tests.support.waiting import PATIENCE_S, eventually

PAID = "evt.finance.payment_taken.v1"
KEEP_DAYS = 7
SWEPT_WITHIN_S = 3 * outbox_code.SWEEP_INTERVAL_S + PATIENCE_S
SAVED = "evt.orders.reference_saved.v1"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures come again at once, and three of them are enough."""
    monkeypatch.setattr(consumer, "RETRY_DELAYS_S", (0.05, 0.05, 0.05))
    monkeypatch.setattr(consumer, "OUTAGE_DELAY_S", 0.05)


async def rows(running: Running, statement: Any) -> list[Any]:
    async with running.engine.connect() as connection:
        return list(await connection.execute(statement))


# --- events that come in -----------------------------------------------------------------------


@pytest.mark.parametrize("point", ["before_commit", "before_ack"])
async def test_an_event_survives_a_crash_and_counts_once(
    soon_again: None, station: Station, point: str
) -> None:
    order = await an_order(station)
    await station.stop("orders")
    async with doomed(station, point) as process:
        await station.publish(a_payment(order.id), "finance")
        async with asyncio.timeout(PATIENCE_S):
            assert await process.wait() == EXIT_CODE
    await station.start("orders")

    async def is_paid() -> bool:
        return (await station.order(order.id)).paid == 100

    await eventually(is_paid)
    await station.settle_down()
    assert await is_paid()


async def test_an_event_twice_in_one_batch_counts_once(station: Station) -> None:
    order = await an_order(station)
    await station.stop("orders")
    event = a_payment(order.id)
    event_id = await station.publish(event, "finance")
    for _ in range(5):
        await station.publish(event, "finance", event_id=event_id)
    await station.start("orders")
    await station.settle_down()
    assert (await station.order(order.id)).paid == 100
    # A duplicate is no failure either.
    assert not await rows(station.running["orders"], select(dead_letters))


async def test_an_event_twice_in_one_transaction_counts_once(station: Station) -> None:
    order = await an_order(station)
    event = a_payment(order.id)
    cause = opening("/station-1/finance", "test", ADMIN)
    sent = outbox_code.outgoing(event, cause, "/station-1/finance", cause.time)
    routes = orders_service.handlers.events
    jobs = [consumer.event_job(routes, sent.subject, sent.headers, sent.body) for _ in range(3)]
    running = station.running["orders"].lane
    ends = await asyncio.gather(*map(running.submit, jobs), return_exceptions=True)
    assert [type(end) for end in ends] == [bytes, inbox_code.Duplicate, inbox_code.Duplicate]
    assert (await station.order(order.id)).paid == 100


def failing(monkeypatch: pytest.MonkeyPatch, times: int, error: Exception) -> None:
    """Orders takes a payment in, and then fails; after so many times all is well."""
    route = orders_service.handlers.events[PAID]
    left = [times]

    async def fail(*args: Any) -> None:
        await route.handler(*args)
        if left[0]:
            left[0] -= 1
            raise error

    monkeypatch.setitem(orders_service.handlers.events, PAID, Route(route.message_type, fail))


async def test_an_event_that_fails_at_first_is_handled_and_its_failures_forgotten(
    station: Station, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await an_order(station)
    # Each try is two: with its batch, and alone.
    failing(monkeypatch, 2 * 3, RuntimeError("not yet"))
    await station.publish(a_payment(order.id), "finance")

    async def is_paid_and_forgotten() -> bool:
        letters = await rows(station.running["orders"], select(dead_letters))
        return (await station.order(order.id)).paid == 100 and not letters

    await eventually(is_paid_and_forgotten)


async def test_an_outage_of_somebody_else_is_no_failure_of_the_event(
    station: Station, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await an_order(station)
    failing(monkeypatch, 2 * 8, Refused("service_unavailable", service="clients"))
    await station.publish(a_payment(order.id), "finance")

    async def is_paid() -> bool:
        return (await station.order(order.id)).paid == 100

    await eventually(is_paid)
    assert not await rows(station.running["orders"], select(dead_letters))


async def test_one_that_fails_in_a_batch_takes_nobody_with_it(
    station: Station, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error, not a refusal: that would cost its batch nothing."""
    order, spoilt = await an_order(station), await an_order(station)
    route = orders_service.handlers.events[PAID]

    async def fail(event: Any, *args: Any) -> None:
        await route.handler(event, *args)
        if event.payment.order_id == spoilt.id:
            raise RuntimeError("spoilt")

    monkeypatch.setitem(orders_service.handlers.events, PAID, replace(route, handler=fail))
    await station.stop("orders")
    for _ in range(10):
        await station.publish(a_payment(order.id, "1"), "finance")
    poison = await station.publish(a_payment(spoilt.id), "finance")
    for _ in range(10):
        await station.publish(a_payment(order.id, "1"), "finance")
    await station.start("orders")

    async def is_parked() -> list[Any]:
        parked = select(dead_letters.c.event_id, dead_letters.c.attempts)
        parked = parked.where(dead_letters.c.parked_at.is_not(None))
        return await rows(station.running["orders"], parked)

    assert await eventually(is_parked) == [(poison, 4)]
    # Parked for good: the broker has been told.
    await station.settle_down()
    assert (await station.order(order.id)).paid == 20
    assert (await station.order(spoilt.id)).paid == 0


async def test_late_news_of_a_client_does_not_set_its_copy_back(station: Station) -> None:
    client = ClientView(
        id=new_id(), name="Иванов", last_name="Иванов", revision=1, created_at=NOW, updated_at=NOW
    )
    later = client.model_copy(update={"name": "Петров", "last_name": "Петров", "revision": 3})
    for event in (ClientCreated(client=client), ClientChanged(client=later)):
        await station.publish(event, "clients")
        await station.settle_down()
    late = client.model_copy(update={"name": "Сидоров", "revision": 2})
    await station.publish(ClientChanged(client=late), "clients")
    await station.settle_down()
    name = select(clients.c.name).where(clients.c.id == client.id)
    assert await rows(station.running["orders"], name) == [("Петров",)]


async def test_who_is_refused_events_does_not_ask_without_pause(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream is gone: nobody else would get anything done where all ask for it."""
    monkeypatch.setattr(consumer, "REFUSED_PAUSE_S", 0.2)
    monkeypatch.setattr(consumer, "HEARTBEAT_S", 1)
    asked: list[float] = []
    pull = consumer.Consumer._pull

    async def noted(self: consumer.Consumer, batch: int) -> None:
        if self._durable == "orders":
            asked.append(asyncio.get_running_loop().time())
        await pull(self, batch)

    async def several_times() -> bool:
        return len(asked) >= 5

    order = await an_order(station)
    await station.settle_down()
    monkeypatch.setattr(consumer.Consumer, "_pull", noted)
    await station.nats.kill()
    shutil.rmtree(station.nats.folder)
    await station.nats.start()
    asked.clear()
    await eventually(several_times, timeout_s=30)
    assert all(later - earlier >= 0.2 for earlier, later in pairwise(asked[1:5]))
    await station.nats.apply_topology({"orders": consumed_subjects("orders")})
    await station.publish(a_payment(order.id), "finance")

    async def is_paid() -> bool:
        return (await station.order(order.id)).paid == 100

    await eventually(is_paid)


# --- commands ----------------------------------------------------------------------------------


async def test_two_processes_that_are_asked_the_same_at_once_do_it_once(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked for an answer, and found none, before either writes one."""
    order = await an_order(station)
    looked: list[None] = []
    both = asyncio.Event()
    look = inbox_code.stored_replies

    async def look_together(*args: Any) -> Any:
        found = await look(*args)
        looked.append(None)
        if len(looked) == 2:
            both.set()
        if len(looked) <= 2:
            await asyncio.wait_for(both.wait(), PATIENCE_S)
        return found

    async with orders_service.running(station.settings("orders")) as second:
        command = AddComment(order_id=order.id, text="Масло")
        route = orders_service.handlers.commands[AddComment.subject]
        body = command.model_dump_json(exclude_unset=True).encode()

        def job() -> Job:
            envelope = opening(
                "/station-1/gateway", AddComment.subject, ADMIN, idempotency_key="once"
            )
            return Job(route, command, envelope, body)  # type: ignore[arg-type]

        monkeypatch.setattr(inbox_code, "stored_replies", look_together)
        first = station.running["orders"].lane
        # As after a repetition: then a lane looks before it writes, until something is new to it.
        await station.settle_down()
        first._careful = second.lane._careful = True
        answers = await asyncio.gather(first.submit(job()), second.lane.submit(job()))
    assert both.is_set()
    assert answers[0] == answers[1]
    comments = select(outbox.c.event_id).where(outbox.c.subject == "evt.orders.comment_added.v1")
    assert len(await rows(station.running["orders"], comments)) == 1


async def test_a_key_is_honoured_only_for_what_it_was_given_for(station: Station) -> None:
    section = await station.send(CreateSection(name="Кузов"), key="one")
    assert (await station.send(CreateSection(name="Кузов"), key="one")).id == section.id
    with pytest.raises(Refused, match="idempotency_key_reused"):
        await station.send(CreateSection(name="Шины"), key="one")
    assert [row.id for row in (await station.ask(ListSections())).items] == [section.id]


async def test_a_database_that_gives_way_once_is_no_failure(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deadlock, a serialization failure: PostgreSQL asks to try again."""
    send = Pending.send_last
    left = [2]

    async def give_way(self: Pending, connection: Any) -> None:
        if left[0]:
            left[0] -= 1
            await connection.execute(
                text("DO $$ BEGIN RAISE 'give way' USING ERRCODE = '40001'; END $$")
            )
        await send(self, connection)

    monkeypatch.setattr(Pending, "send_last", give_way)
    await station.send(CreateSection(name="Кузов"))
    assert left == [0]
    assert len((await station.ask(ListSections())).items) == 1


# --- events that go out ------------------------------------------------------------------------


async def recorded(station: Station, subject: str = SAVED) -> int:
    return len(await station.records(event=subject))


async def test_every_event_of_one_kind_arrives(station: Station) -> None:
    for number in range(5):
        await station.send(CreateSection(name=f"Пост {number}"))
    await station.settle_down()
    assert await recorded(station) == 5


@asynccontextmanager
async def a_full_stream(station: Station) -> AsyncIterator[None]:
    """It refuses whatever comes, as with a full disk."""
    connection = await nats.connect(
        station.nats.url("bootstrap"), inbox_prefix=topology.inbox("bootstrap").encode()
    )
    js = connection.jetstream()
    info = await js.stream_info(outbox_code.STREAM)
    await js.update_stream(info.config.evolve(max_msgs=info.state.messages))
    yield
    await js.update_stream(info.config)
    await connection.close()


async def test_what_a_full_stream_refuses_waits_in_the_outbox(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_code, "SWEEP_AGE", timedelta(seconds=1))
    await station.send(CreateSection(name="Первая"))
    await station.settle_down()
    async with a_full_stream(station):
        await station.send(CreateSection(name="Вторая"))
        assert (await station.running["orders"].relay.lag())[0] == 1

    async def is_recorded() -> bool:
        return await recorded(station) == 2

    await eventually(is_recorded, timeout_s=SWEPT_WITHIN_S)
    await station.settle_down()


def an_event(name: str) -> Outgoing:
    event = ReferenceSaved(kind="section", id=new_id(), name=name, created=True)
    cause = opening("/station-1/orders", "test", ADMIN)
    return outbox_code.outgoing(event, cause, "/station-1/orders", cause.time)


async def test_an_event_that_is_committed_late_is_not_passed_over(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers are given before the commit: a later number may be seen, and swept, earlier."""
    monkeypatch.setattr(outbox_code, "SWEEP_AGE", timedelta(0))
    running = station.running["orders"]
    async with running.engine.begin() as late:
        await outbox_code.write(late, [an_event("поздно")])
        async with running.engine.begin() as early:
            await outbox_code.write(early, [an_event("рано")])

        async def one_is_recorded() -> bool:
            return await recorded(station) == 1

        await eventually(one_is_recorded, timeout_s=SWEPT_WITHIN_S)

    async def both_are_recorded() -> bool:
        return await recorded(station) == 2

    await eventually(both_are_recorded, timeout_s=SWEPT_WITHIN_S)


async def test_an_event_of_before_the_clock_was_put_back_is_swept(station: Station) -> None:
    """By the clock it will be written tomorrow, and nobody handed it over."""
    running = station.running["orders"]
    async with running.engine.begin() as connection:
        await outbox_code.write(connection, [an_event("завтра")])
        await connection.execute(
            update(unpublished).values(created_at=func.now() + timedelta(days=1))
        )

    async def is_recorded() -> bool:
        return await recorded(station) == 1

    await eventually(is_recorded, timeout_s=SWEPT_WITHIN_S)


# --- what may be forgotten ---------------------------------------------------------------------


async def test_only_what_was_published_is_forgotten_and_the_inbox_forgets_nothing(
    station: Station,
) -> None:
    running = station.running["orders"]
    waiting, published, heard = an_event("а"), an_event("б"), new_id()
    long_ago = func.now() - timedelta(days=KEEP_DAYS + 10_000)
    async with running.engine.begin() as connection:
        # A subject that no stream takes: nobody will publish them meanwhile.
        await outbox_code.write(
            connection, [replace(event, subject="nobody") for event in (waiting, published)]
        )
        await connection.execute(update(outbox).values(created_at=long_ago))
        await connection.execute(
            delete(unpublished).where(unpublished.c.event_id == published.event_id)
        )
        await connection.execute(insert(inbox).values(event_id=heard, handled_at=long_ago))

    await Housekeeping(running.engine, KEEP_DAYS).sweep()

    left = {row.event_id for row in await rows(running, select(outbox.c.event_id))}
    assert left == {waiting.event_id}
    assert heard in {row.event_id for row in await rows(running, select(inbox.c.event_id))}
