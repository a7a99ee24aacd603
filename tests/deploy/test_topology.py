"""Streams, consumers and permissions, as the real server understands them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import nats
import nats.errors
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import APIError

from deploy import topology
from shared.contracts.clients import GetClient
from shared.messaging.subscriptions import subscribed
from tests.support.broker import TestNats
from tests.support.waiting import PATIENCE_S, eventually

CONSUMERS = {
    "orders": ["evt.inventory.>", "evt.finance.>"],
    "inventory": ["evt.orders.parts_requested.v1"],
    "finance": ["evt.orders.>"],
    "audit": ["evt.>"],
}


class Connected:
    """A user's connection, and what the server refused it."""

    def __init__(self, client: Client, user: str) -> None:
        self.client = client
        self.user = user
        self.refused: list[str] = []

    async def on_error(self, error: Exception) -> None:
        self.refused.append(str(error))

    async def is_refused(self) -> bool:
        """What the server thinks of everything sent so far."""
        # Nobody may say this: its refusal comes after that of whatever was tried before.
        await self.client.publish("nobody.may.say.this", b"")
        await self.client.flush()

        async def answered() -> bool:
            return any("nobody.may.say.this" in refusal for refusal in self.refused)

        await eventually(answered, every_s=0)
        refused, self.refused[:] = len(self.refused) > 1, []
        return refused

    async def may_publish(self, subject: str, body: bytes = b"{}") -> bool:
        await self.client.publish(subject, body)
        return not await self.is_refused()


type Connect = Callable[[str], Awaitable[Connected]]


@pytest.fixture
async def connect(nats_server: TestNats) -> AsyncIterator[Connect]:
    await nats_server.apply_topology(CONSUMERS)
    opened: list[Connected] = []

    async def as_user(user: str) -> Connected:
        connected = Connected(Client(), user)
        opened.append(connected)
        await connected.client.connect(
            nats_server.url(user),
            inbox_prefix=topology.inbox(user).encode(),
            error_cb=connected.on_error,
            allow_reconnect=False,
        )
        return connected

    yield as_user
    for connected in opened:
        await connected.client.close()


@asynccontextmanager
async def bootstrap(server: TestNats) -> AsyncIterator[Client]:
    client = await nats.connect(server.url("bootstrap"), inbox_prefix=b"_INBOX_bootstrap")
    yield client
    await client.close()


async def test_streams_lose_nothing_and_refuse_what_does_not_fit(nats_server: TestNats) -> None:
    await nats_server.apply_topology(CONSUMERS)
    async with bootstrap(nats_server) as client:
        config = (await client.jetstream().stream_info("EVENTS")).config
    assert config.subjects == ["evt.>"]
    assert (config.storage, config.discard, config.retention) == ("file", "new", "limits")
    assert (config.deny_delete, config.deny_purge, config.max_age) == (True, True, 0)
    assert (config.num_replicas, config.duplicate_window) == (1, 120)


async def test_consumer_spells_out_every_option_that_matters(nats_server: TestNats) -> None:
    await nats_server.apply_topology(CONSUMERS)
    async with bootstrap(nats_server) as client:
        info = await client.jetstream().consumer_info("EVENTS", "orders")
    config = info.config
    assert config.filter_subjects == ["evt.finance.>", "evt.inventory.>"]
    assert (config.ack_policy, config.deliver_policy) == ("explicit", "all")
    assert (config.ack_wait, config.max_ack_pending, config.max_deliver) == (30, 4096, -1)
    assert config.deliver_subject is None


async def test_applying_again_changes_nothing(nats_server: TestNats) -> None:
    await nats_server.apply_topology(CONSUMERS)
    async with bootstrap(nats_server) as client:
        js = client.jetstream()
        before = [(await js.consumer_info("EVENTS", name)).created for name in CONSUMERS]
        await nats_server.apply_topology(CONSUMERS)
        after = [(await js.consumer_info("EVENTS", name)).created for name in CONSUMERS]
    assert before == after


async def test_new_version_of_a_service_hears_new_subjects_and_keeps_its_place(
    nats_server: TestNats, connect: Connect
) -> None:
    orders = await connect("orders")
    js = orders.client.jetstream()
    for number in range(3):
        await js.publish("evt.orders.parts_requested.v1", str(number).encode())
    inventory = await connect("inventory")
    first = await pull(inventory, 2)
    for message in first:
        await message.ack_sync()

    wider = ["evt.orders.parts_requested.v1", "evt.orders.order_cancelled.v1"]
    await nats_server.apply_topology({"inventory": wider})

    await js.publish("evt.orders.order_cancelled.v1", b"3")
    assert [message.data for message in await pull(inventory, 2)] == [b"2", b"3"]


async def test_single_subject_may_become_everything_and_back(nats_server: TestNats) -> None:
    for subjects in (["evt.orders.a.v1"], ["evt.>"], ["evt.orders.a.v1", "evt.orders.b.v1"]):
        await nats_server.apply_topology({"finance": subjects})
        async with bootstrap(nats_server) as client:
            info = await client.jetstream().consumer_info("EVENTS", "finance")
        assert (info.config.filter_subjects or [info.config.filter_subject]) == subjects


async def test_changed_stream_option_is_brought_up_to_date(
    nats_server: TestNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    smaller = topology.EVENTS.evolve(max_bytes=1024**2)
    with monkeypatch.context() as patch:
        patch.setattr(topology, "STREAMS", (smaller, topology.AUDIT_HEADS))
        await nats_server.apply_topology({})
    await nats_server.apply_topology({})
    async with bootstrap(nats_server) as client:
        config = (await client.jetstream().stream_info("EVENTS")).config
    assert config.max_bytes == topology.EVENTS.max_bytes


async def test_events_survive_a_killed_server(nats_server: TestNats, connect: Connect) -> None:
    orders = await connect("orders")
    await orders.client.jetstream().publish("evt.orders.order_created.v1", b"kept")
    await nats_server.kill()
    await nats_server.start()
    async with bootstrap(nats_server) as client:
        assert (await client.jetstream().stream_info("EVENTS")).state.messages == 1


async def test_service_publishes_pulls_and_acknowledges(
    nats_server: TestNats, connect: Connect
) -> None:
    orders, inventory = await connect("orders"), await connect("inventory")
    await orders.client.jetstream().publish("evt.orders.parts_requested.v1", b"one")
    [message] = await pull(inventory, 1)
    await message.ack_sync()
    async with bootstrap(nats_server) as client:
        info = await client.jetstream().consumer_info("EVENTS", "inventory")
    assert (info.num_ack_pending, info.num_pending) == (0, 0)
    assert not await inventory.is_refused()


async def test_command_is_answered_once_and_only_by_who_was_asked(connect: Connect) -> None:
    gateway, orders = await connect("gateway"), await connect("orders")

    async def answer(message: Msg) -> None:
        await message.respond(b"ok")
        await message.respond(b"and again")

    await orders.client.subscribe("cmd.orders.>", queue="orders", cb=answer)
    await subscribed(orders.client)
    reply = await gateway.client.request("cmd.orders.create_order.v1", b"{}", timeout=PATIENCE_S)
    assert reply.data == b"ok"
    assert await orders.is_refused()  # the second answer
    assert not await orders.may_publish(f"{topology.inbox('gateway')}.guess")


async def test_services_ask_each_other(connect: Connect) -> None:
    orders, clients = await connect("orders"), await connect("clients")

    async def answer(message: Msg) -> None:
        await message.respond(b"Ivanov")

    await clients.client.subscribe("ask.clients.>", queue="clients", cb=answer)
    await subscribed(clients.client)
    reply = await orders.client.request(GetClient.subject, b"{}", timeout=PATIENCE_S)
    assert reply.data == b"Ivanov"


async def test_nobody_there_is_told_at_once(connect: Connect) -> None:
    gateway = await connect("gateway")
    with pytest.raises(nats.errors.NoRespondersError):
        await gateway.client.request("cmd.orders.create_order.v1", b"{}", timeout=PATIENCE_S)


async def test_gateway_hears_events_as_they_pass(connect: Connect) -> None:
    gateway, orders = await connect("gateway"), await connect("orders")
    subscription = await gateway.client.subscribe("evt.>")
    await subscribed(gateway.client)
    await orders.client.jetstream().publish("evt.orders.order_created.v1", b"hello")
    assert (await subscription.next_msg(timeout=PATIENCE_S)).data == b"hello"


async def test_audit_alone_keeps_heads_of_its_chain_outside_its_database(connect: Connect) -> None:
    audit, orders = await connect("audit"), await connect("orders")
    js = audit.client.jetstream()
    for head in (b"first", b"second"):
        await js.publish("audit.head.v1", head, stream="AUDIT_HEADS")
    assert (await js.get_last_msg("AUDIT_HEADS", "audit.head.v1")).data == b"second"
    assert not await orders.may_publish("audit.head.v1")


async def test_operators_see_how_far_everybody_is(connect: Connect) -> None:
    ops = await connect("ops")
    js = ops.client.jetstream()
    assert (await js.stream_info("EVENTS")).state.messages == 0
    assert {info.name for info in await js.consumers_info("EVENTS")} == set(CONSUMERS)
    assert (await js.consumer_info("EVENTS", "orders")).num_pending == 0


async def test_full_stream_refuses_instead_of_forgetting(
    nats_server: TestNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = topology.EVENTS.evolve(max_bytes=4096)
    monkeypatch.setattr(topology, "STREAMS", (small,))
    await nats_server.apply_topology({})
    client = await nats.connect(nats_server.url("orders"), inbox_prefix=b"_INBOX_orders")
    js = client.jetstream()
    await js.publish("evt.orders.first.v1", b"x" * 3000)
    with pytest.raises(APIError) as refused:
        await js.publish("evt.orders.second.v1", b"x" * 3000)
    assert refused.value.err_code == 10077
    await client.close()


async def test_stranger_is_not_let_in(nats_server: TestNats) -> None:
    for url in (
        f"nats://127.0.0.1:{nats_server.server.port}",
        f"nats://orders:guess@127.0.0.1:{nats_server.server.port}",
    ):
        with pytest.raises(nats.errors.Error, match="Authorization Violation"):
            await nats.connect(url, allow_reconnect=False, connect_timeout=PATIENCE_S)


async def test_server_tells_who_was_refused(nats_server: TestNats, connect: Connect) -> None:
    orders = await connect("orders")
    await orders.client.publish("evt.finance.payment_received.v1", b"{}")

    async def logged() -> bool:
        return any("evt.finance.payment_received.v1" in line for line in nats_server.log)

    await eventually(logged)


async def pull(connected: Connected, count: int) -> list[Msg]:
    """Through the service's durable consumer, as it is declared."""
    client = connected.client
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    await client.publish(
        f"$JS.API.CONSUMER.MSG.NEXT.EVENTS.{connected.user}",
        f'{{"batch": {count}, "expires": 3000000000}}'.encode(),
        inbox,
    )
    messages = [await subscription.next_msg(timeout=PATIENCE_S) for _ in range(count)]
    await subscription.unsubscribe()
    return messages
