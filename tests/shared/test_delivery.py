"""Delivery on a real broker and database: nothing accepted is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.event import listen
from sqlalchemy.pool import QueuePool
from structlog.testing import capture_logs

from shared.contracts.base import Page
from shared.contracts.clients import ClientCreated, ClientView
from shared.contracts.finance import PaymentTaken, PaymentView
from shared.contracts.operations import (
    DeadLetterView,
    DropDeadLetter,
    GetServiceState,
    ListDeadLetters,
    RequeueDeadLetter,
    addressed_to,
)
from shared.contracts.orders import (
    CreateOrder,
    CreateSection,
    ListSections,
    OrderView,
    ReferenceSaved,
)
from shared.database import inbox
from shared.ids import new_id
from shared.messaging import consumer, outbox
from shared.messaging.admission import Refusals
from shared.messaging.client import ServiceClient, reply_adapter, room_of
from shared.messaging.envelope import opening
from shared.messaging.jobs import Job
from shared.messaging.outages import is_outage
from shared.messaging.outbox import STREAM
from shared.messaging.requests import Requests
from shared.refusals import Refused
from shared.service import broker_for, service_named
from shared.stopping import TOTAL_S
from tests.support.broker import TestNats
from tests.support.crashing import EXIT_CODE
from tests.support.databases import as_owner
from tests.support.day import ADMIN, Station
from tests.support.proxy import line_to
from tests.support.waiting import PATIENCE_S, eventually

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def hasty_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "RETRY_DELAYS_S", (0.05, 0.1))


async def an_order(station: Station) -> OrderView:
    client = a_client()
    await station.publish(ClientCreated(client=client), "clients")
    await station.settle_down()
    section = await station.a_section()
    employee = await station.an_employee(section.id)
    return await station.send(
        CreateOrder(client_id=client.id, section_id=section.id, employee_id=employee.id)
    )


def a_client_that_came() -> Callable[[], Job]:
    """As the consumer of ``orders`` takes it from the stream, as often as it is wanted."""
    cause = opening("/station-1/clients", "test", ADMIN)
    event = outbox.outgoing(ClientCreated(client=a_client()), cause, "/station-1/clients", NOW)
    routes = service_named("orders").handlers.events
    return lambda: consumer.event_job(routes, event.subject, event.headers, event.body)


def a_client() -> ClientView:
    return ClientView(
        id=new_id(), name="Иванов", last_name="Иванов", revision=1, created_at=NOW, updated_at=NOW
    )


def a_payment(order_id: Any, amount: str = "100") -> PaymentTaken:
    payment = PaymentView(
        id=new_id(),
        at=NOW,
        order_id=order_id,
        customer_id=new_id(),
        payer_id=new_id(),
        amount=Decimal(amount),
        method="cash",
        refunded=Decimal(0),
        comment=None,
        actor="cashier",
    )
    return PaymentTaken(payment=payment, order_id=order_id)


async def operate(station: Station, message: BaseModel, service: str = "orders") -> Any:
    """An operator's message to one service."""
    connection = await nats.connect(station.nats.url("ops"), inbox_prefix=b"_INBOX_ops")
    subject = addressed_to(type(message), service)
    try:
        client = ServiceClient(connection, "/station-1/ops", 10)
        reply = await client.request(
            subject, message.model_dump_json().encode(), opening("/station-1/ops", subject, ADMIN)
        )
    finally:
        await connection.close()
    return reply_adapter(type(message)).validate_json(reply)


async def dead_letters(station: Station) -> Page[DeadLetterView]:
    page: Page[DeadLetterView] = await operate(station, ListDeadLetters())
    return page


# --- events ------------------------------------------------------------------------------------


async def test_the_same_event_twice_counts_once(station: Station) -> None:
    order = await an_order(station)
    event = a_payment(order.id)
    event_id = await station.publish(event, "finance")
    await station.publish(event, "finance", event_id=event_id)
    await station.publish(event, "finance", event_id=event_id)
    await station.settle_down()
    assert (await station.order(order.id)).paid == Decimal(100)


async def test_a_poisonous_event_harms_only_itself_and_is_parked(
    station: Station, hasty_retries: None
) -> None:
    order = await an_order(station)
    await station.stop("orders")
    # One batch: good ones around a payment of an order that nobody made.
    await station.publish(a_payment(order.id), "finance")
    poison = await station.publish(a_payment(new_id()), "finance")
    await station.publish(a_payment(order.id), "finance")
    await station.start("orders")

    async def is_parked() -> bool:
        return bool((await dead_letters(station)).items)

    await eventually(is_parked)
    assert (await station.order(order.id)).paid == Decimal(200)
    (letter,) = (await dead_letters(station)).items
    assert (letter.event_id, letter.attempts) == (poison, 3)
    assert "order_not_found" in letter.reason
    assert (await operate(station, GetServiceState())).dead_letters == 1
    # The broker does not bring it again.
    await station.settle_down()


async def test_a_dead_letter_is_requeued_or_dropped_by_decision(
    station: Station, hasty_retries: None
) -> None:
    order = await an_order(station)
    event = a_payment(order.id)
    # The order is out of sight while the payment arrives.
    owner = await asyncpg.connect(as_owner(station.database_urls["orders"]))
    await owner.execute("ALTER TABLE orders RENAME TO orders_away")
    event_id = await station.publish(event, "finance")

    async def is_parked() -> bool:
        return bool((await dead_letters(station)).items)

    await eventually(is_parked)
    with pytest.raises(Refused, match="still_failing"):
        await operate(station, RequeueDeadLetter(event_id=event_id))
    assert len((await dead_letters(station)).items) == 1

    await owner.execute("ALTER TABLE orders_away RENAME TO orders")
    await owner.close()
    await operate(station, RequeueDeadLetter(event_id=event_id))
    assert (await dead_letters(station)).items == ()
    assert (await station.order(order.id)).paid == Decimal(100)

    stray = await station.publish(a_payment(new_id()), "finance")
    await eventually(is_parked)
    await operate(station, DropDeadLetter(event_id=stray))
    assert (await dead_letters(station)).items == ()
    async with station.running["orders"].engine.connect() as connection:
        # A consumer that is made anew hears it again: it stays dropped.
        assert await connection.scalar(select(inbox.c.event_id).where(inbox.c.event_id == stray))
    with pytest.raises(Refused, match="dead_letter_not_found"):
        await operate(station, DropDeadLetter(event_id=stray))

    async def both_are_recorded() -> bool:
        records = await station.records(event="evt.orders.dead_letter_decided.v1")
        return [record.body["decision"] for record in records] == ["dropped", "requeued"]

    await eventually(both_are_recorded)


async def test_what_is_no_event_is_parked_at_once(station: Station) -> None:
    connection = await nats.connect(station.nats.url("finance"), inbox_prefix=b"_INBOX_finance")
    await connection.jetstream().publish(
        "evt.finance.payment_taken.v1", b"\x00not json", stream=STREAM
    )
    await connection.close()

    async def is_parked() -> bool:
        return bool((await dead_letters(station)).items)

    await eventually(is_parked)
    (letter,) = (await dead_letters(station)).items
    assert letter.reason.startswith("not a valid event")


async def test_an_event_under_another_name_is_not_believed(station: Station) -> None:
    order = await an_order(station)
    event = a_payment(order.id)
    envelope = opening("/station-1/finance", "evt.finance.order_settled.v1", ADMIN)
    connection = await nats.connect(station.nats.url("finance"), inbox_prefix=b"_INBOX_finance")
    await connection.jetstream().publish(
        event.subject, event.model_dump_json().encode(), stream=STREAM, headers=envelope.headers()
    )
    await connection.close()

    async def is_parked() -> bool:
        return bool((await dead_letters(station)).items)

    await eventually(is_parked)
    assert (await station.order(order.id)).paid == Decimal(0)


# --- crashes -----------------------------------------------------------------------------------


@asynccontextmanager
async def doomed(station: Station, point: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Orders as a process of its own that dies at ``point``."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.crashing",
        "orders",
        point,
        env={
            **os.environ,
            "PITLANE_NATS_URL": station.nats.url("orders"),
            "PITLANE_ORDERS_DATABASE_URL": station.database_urls["orders"],
            "PITLANE_LOG_LEVEL": "ERROR",
        },
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _serving(station: Station) -> None:
    async def answers() -> bool:
        try:
            await operate(station, GetServiceState())
        except Refused:
            return False
        return True

    await eventually(answers)


@pytest.mark.parametrize("point", ["before_commit", "after_commit", "after_publish"])
async def test_a_command_survives_a_crash(station: Station, point: str) -> None:
    await station.stop("orders")
    command = CreateSection(name="Кузовной")
    async with doomed(station, point) as process:
        await _serving(station)
        if point == "after_publish":
            await station.send(command, key="one")
        else:
            asking = asyncio.create_task(station.send(command, key="one"))
            assert await process.wait() == EXIT_CODE
            asking.cancel()
        assert await process.wait() == EXIT_CODE

    await station.start("orders")
    section = await station.send(command, key="one")

    assert [row.id for row in (await station.ask(ListSections())).items] == [section.id]
    await station.settle_down()
    records = await station.records(event="evt.orders.reference_saved.v1")
    assert [record.body["id"] for record in records] == [str(section.id)]


# --- outages -----------------------------------------------------------------------------------


async def test_a_database_that_is_away_is_a_503_and_the_same_key_succeeds_later(
    station: Station,
) -> None:
    await station.stop("orders")
    async with line_to(station.database_urls["orders"]) as (line, url):
        station.database_urls["orders"] = url
        await station.start("orders")
        await station.send(CreateSection(name="Кузов"))
        await line.cut()
        command = CreateSection(name="Шины")
        with pytest.raises(Refused, match="service_unavailable"):
            await station.send(command, key="one")
        with pytest.raises(Refused, match="service_unavailable"):
            await station.ask(ListSections())

        await line.mend()
        section = await station.send(command, key="one")
        assert (await station.send(command, key="one")).id == section.id
        assert len((await station.ask(ListSections())).items) == 2
        await station.stop("orders")


async def test_while_a_database_is_away_one_looks_for_all_who_wait(station: Station) -> None:
    await station.stop("orders")
    async with line_to(station.database_urls["orders"]) as (line, url):
        station.database_urls["orders"] = url
        await station.start("orders")
        await station.a_section()
        running = station.running["orders"]
        tried: list[int] = []
        listen(running.lane.engine.sync_engine, "do_connect", lambda *_: tried.append(1))
        await line.cut()
        came = [a_client_that_came() for _ in range(50)]

        ends = await asyncio.gather(
            *(running.lane.submit(job()) for job in came), return_exceptions=True
        )

        assert [is_outage(end) for end in ends if isinstance(end, Exception)] == [True] * 50
        # The batch of all, who looked whose fault it was, and perhaps a sweep.
        assert len(tried) < 10
        await line.mend()
        assert await asyncio.gather(*(running.lane.submit(job()) for job in came)) == [b""] * 50
        await station.stop("orders")


async def test_a_service_stops_in_time_though_all_it_needs_is_frozen(
    station: Station, nats_server: TestNats
) -> None:
    await station.stop("orders")
    async with line_to(station.database_urls["orders"]) as (line, url):
        station.database_urls["orders"] = url
        await station.start("orders")
        await station.settle_down()
        pool = station.running["orders"].lane.engine.sync_engine.pool
        server = nats_server.server.child
        assert server
        assert isinstance(pool, QueuePool)
        line.freeze()
        asked = asyncio.create_task(station.send(CreateSection(name="Шины")))

        async def is_in_work() -> bool:
            return pool.checkedout() > 0

        await eventually(is_in_work)
        server.send(signal.SIGSTOP)
        began = asyncio.get_running_loop().time()

        await station.stop("orders")

        assert asyncio.get_running_loop().time() - began < TOTAL_S
        server.send(signal.SIGCONT)
        asked.cancel()


async def test_a_service_stops_while_its_broker_is_away_with_something_still_to_tell_it(
    station: Station,
) -> None:
    running = station.running["orders"]
    await station.nats.kill()
    await eventually(lambda: is_away(running.connection))
    await running.connection.publish("ack", b"")
    await station.stop("orders")
    assert running.connection.is_closed
    await station.nats.start()


async def is_away(connection: Client) -> bool:
    return bool(connection.is_reconnecting)


@pytest.mark.parametrize(("kind", "code"), [("ask", "reply_too_large"), ("cmd", "reply_untold")])
async def test_an_answer_that_no_message_can_carry_is_told_as_that(
    station: Station, kind: str, code: str
) -> None:
    """Headers count with it; and the connection is there afterwards. A command was done."""
    orders = station.settings("orders")
    finance = orders.model_copy(update={"nats_url": station.nats.url("finance")})
    broker = broker_for(finance.model_copy(update={"service": "finance"}), Refusals())
    connection = await broker.connect()
    limit = room_of(connection)

    async def answer(request: Msg) -> bytes:
        return b"x" * int(request.data)

    requests = Requests(broker, "finance", kind, answer)
    await broker.start()
    asking = await nats.connect(station.nats.url("gateway"), inbox_prefix=b"_INBOX_gateway")
    client = ServiceClient(asking, "/station-1/gateway", PATIENCE_S / 2)
    subject = f"{kind}.finance.answer.v1"
    envelope = opening("/station-1/gateway", subject, ADMIN)

    assert len(await client.request(subject, b"%d" % limit, envelope)) == limit
    with capture_logs() as logs, pytest.raises(Refused, match=f"{code}.* larger than 8 MB"):
        await client.request(subject, b"%d" % (limit + 1), envelope)
    assert [line["bytes"] for line in logs if line["event"] == "reply_too_large"] == [limit + 1]
    assert await client.request(subject, b"3", envelope) == b"xxx"

    await requests.stop()
    await broker.stop()
    await asking.close()


async def test_events_wait_in_the_outbox_while_the_broker_is_away(
    station: Station, nats_server: TestNats
) -> None:
    running = station.running["orders"]
    section = await station.send(CreateSection(name="Шины"))
    await station.settle_down()
    await nats_server.kill()
    # Written as the lane writes it, while nobody can be told.
    async with running.engine.begin() as connection:
        event = ReferenceSaved(kind="section", id=section.id, name="Шины", created=False)
        cause = opening("/station-1/orders", "test", ADMIN)
        events = [outbox.outgoing(event, cause, "/station-1/orders", cause.time)]
        await outbox.write(connection, events)
    running.relay.hand_over(events)
    await nats_server.start()

    async def is_recorded() -> bool:
        records = await station.records(event="evt.orders.reference_saved.v1")
        return len(records) == 2

    await eventually(is_recorded)


async def test_a_stalled_broker_does_not_fill_the_memory(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay, goes_on = station.running["orders"].relay, asyncio.Event()
    await station.settle_down()
    cause = opening("/station-1/orders", "test", ADMIN)
    told = ReferenceSaved(kind="section", id=new_id(), name="Шины", created=False)
    first, second, third = (
        outbox.outgoing(told, cause, "/station-1/orders", cause.time) for _ in range(3)
    )
    published: list[outbox.Outgoing] = []

    async def stalled(events: Sequence[outbox.Outgoing]) -> list[UUID]:
        published.extend(events)
        await goes_on.wait()
        return [event.event_id for event in events]

    monkeypatch.setattr(outbox, "MAX_HANDED", 1)
    monkeypatch.setattr(relay, "_publish", stalled)
    relay.hand_over([first])
    relay.hand_over([second])  # left to the sweep
    goes_on.set()

    async def is_handed_over() -> bool:
        relay.hand_over([third])
        return third in published

    await eventually(is_handed_over)
    assert published[:2] == [first, third]
