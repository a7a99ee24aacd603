"""The stream of events, lost in part or whole, made whole again from the outboxes."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import nats
import pytest
import typer
from nats.aio.client import Client
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy import topology
from deploy.commands import event_acknowledgements
from deploy.commands.event_acknowledgements import Acknowledged, Hearing, InOrder
from deploy.commands.event_replay import InStream, alone, as_of_now, missing, read_stream
from deploy.local.processes import DatabaseAway
from shared.contracts.audit import VerifyChain
from shared.contracts.orders import ReferenceSaved
from shared.database import driver_url, engine_for, inbox
from shared.ids import new_id
from shared.messaging.dead_letters import DeadLetters
from shared.service import consumed_subjects
from tests.deploy.operating import Outcome, pitlane, pitlane_on, reconnected
from tests.support.broker import TestNats
from tests.support.databases import as_owner
from tests.support.day import BUSINESS, Station, running_station
from tests.support.proxy import line_to
from tests.support.waiting import eventually

ALL = (*BUSINESS, "gateway")


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    """All five services at work; the gateway's database is there, and empty."""
    async with running_station(nats_server, database) as station:
        station.database_urls["gateway"] = database("gateway")
        yield station


async def rebuild(station: Station, *arguments: str, typed: str = "") -> Outcome:
    return await pitlane_on(station, "events", "rebuild", *arguments, typed=typed)


async def apply_topology(station: Station) -> None:
    await station.nats.apply_topology({name: consumed_subjects(name) for name in BUSINESS})


async def lose_the_store(station: Station) -> None:
    """As a disk that is gone; NATS comes back empty."""
    await station.nats.kill()
    shutil.rmtree(station.nats.server.folder)
    await station.nats.start()
    await reconnected(station)


@asynccontextmanager
async def connected(station: Station, user: str = "bootstrap") -> AsyncIterator[Client]:
    client = await nats.connect(station.nats.url(user), inbox_prefix=f"_INBOX_{user}".encode())
    yield client
    await client.close()


async def events_in_stream(station: Station) -> list[UUID]:
    """Ids in order, without knowing which were there twice."""
    async with connected(station) as client:
        stream = await read_stream(client)
        assert stream
        info = await client.jetstream().stream_info("EVENTS")
        assert info.state.messages == len(stream.ids)
        return list(stream.ids)


async def events_in_outboxes(station: Station) -> Counter[str]:
    counts: Counter[str] = Counter()
    for service in ALL:
        owner = await asyncpg.connect(as_owner(station.database_urls[service]))
        counts[service] = await owner.fetchval("SELECT count(*) FROM outbox")
        await owner.close()
    return counts


async def settled(station: Station) -> None:
    """Everything is handled, and what is published is known to be so: a rebuild leaves to its relay
    what is not."""
    await station.settle_down()
    await eventually(lambda: _all_are_marked(station))


async def _all_are_marked(station: Station) -> bool:
    for service in ALL:
        owner = await asyncpg.connect(as_owner(station.database_urls[service]))
        waiting = await owner.fetchval("SELECT count(*) FROM unpublished")
        await owner.close()
        if waiting:
            return False
    return True


def told(outcome: Outcome, what: str) -> Counter[str]:
    """Events by service, of the lines that end in ``what``."""
    lines = [line.split(maxsplit=2) for line in outcome.stdout.splitlines()]
    return Counter({line[0]: int(line[1]) for line in lines if line[2:] == [what]})


async def an_order_in_work(station: Station) -> tuple[UUID, UUID, UUID]:
    """An order with four of ten filters reserved: ids of the order, product and warehouse."""
    warehouse = await station.a_warehouse()
    product = await station.a_product(price="100")
    await station.receive(warehouse.id, product.id, "10")
    order = await station.an_order()
    await station.request(order.id, product.id, "4")
    await station.order_when(order.id, lambda order: order.products[0].state == "reserved")
    await settled(station)
    return order.id, product.id, warehouse.id


async def test_lost_store_loses_no_event_and_doubles_none(station: Station) -> None:
    order_id, product_id, warehouse_id = await an_order_in_work(station)
    # What is under way at that moment: the stream has it, and nobody has heard of it.
    await station.stop("inventory", "finance", "audit")
    await station.request(order_id, product_id, "3")
    await station.move(order_id, "in_progress")
    await settled(station)
    await station.stop("orders", "clients")
    await lose_the_store(station)
    await apply_topology(station)

    outcome = await rebuild(station, "--yes")

    assert outcome.exit_code == 0, outcome
    in_outboxes = await events_in_outboxes(station)
    assert told(outcome, "missing") == told(outcome, "put back") == in_outboxes
    assert len(await events_in_stream(station)) == in_outboxes.total()

    await station.start(*BUSINESS)
    order = await station.order_when(
        order_id, lambda order: all(part.state == "reserved" for part in order.products)
    )
    await settled(station)
    assert (order.total, len(order.products)) == (Decimal("700.00"), 2)
    stock = await station.stock(product_id, warehouse_id)
    assert (stock.on_hand, stock.reserved) == (Decimal(10), Decimal(7))
    recorded = [record.event_id for record in await station.records()]
    assert len(recorded) == len(set(recorded)) == (await events_in_outboxes(station)).total()
    assert (await station.ask(VerifyChain())).intact


async def test_stream_is_rebuilt_while_the_services_work_on(station: Station) -> None:
    order_id, product_id, _ = await an_order_in_work(station)
    await lose_the_store(station)
    await apply_topology(station)
    # Whoever is faster: this event comes by its relay, the others from the rebuilding.
    moving = asyncio.create_task(station.move(order_id, "in_progress"))
    outcome = await rebuild(station, "--yes")
    await moving
    assert outcome.exit_code == 0, outcome
    await station.request(order_id, product_id, "1")
    await station.order_when(
        order_id, lambda order: [part.state for part in order.products] == ["reserved"] * 2
    )
    await settled(station)
    recorded = [record.event_id for record in await station.records()]
    assert len(recorded) == len(set(recorded)) == (await events_in_outboxes(station)).total()
    assert (await rebuild(station, "--check")).exit_code == 0


async def open_snapshots(station: Station) -> int:
    """Held by whoever does nothing with them at the moment."""
    held = 0
    for url in station.database_urls.values():
        connection = await asyncpg.connect(url)
        held += await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'idle in transaction' AND backend_xmin IS NOT NULL"
        )
        await connection.close()
    return held


async def test_stream_that_is_missing_is_made_above_all_that_was_acknowledged(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_order_in_work(station)
    async with connected(station) as client:
        before = (await client.jetstream().stream_info("EVENTS")).state
    await lose_the_store(station)

    assert (await rebuild(station, "--check")).stdout.startswith("the stream does not exist\n")
    confirm, loop = typer.confirm, asyncio.get_running_loop()
    held: list[int] = []

    def asked(*question: Any, **how: Any) -> bool:
        snapshots = asyncio.run_coroutine_threadsafe(open_snapshots(station), loop)
        held.append(snapshots.result())
        return confirm(*question, **how)

    monkeypatch.setattr(typer, "confirm", asked)
    refused = await rebuild(station, typed="n\n")
    assert refused.exit_code == 1
    assert held == [0]
    async with connected(station) as client:
        assert await read_stream(client) is None

    assert (await rebuild(station, typed="y\n")).exit_code == 0
    async with connected(station) as client:
        js = client.jetstream()
        after = (await js.stream_info("EVENTS")).state
        assert after.first_seq > before.last_seq
        assert after.messages == before.messages
        consumers = {
            service: (await js.consumer_info("EVENTS", service)).config.filter_subjects
            for service in BUSINESS
            if consumed_subjects(service)
        }
    assert "inventory" in consumers
    await settled(station)


async def test_stream_that_was_cut_gets_only_what_it_lost(station: Station) -> None:
    order_id, _, _ = await an_order_in_work(station)
    store = stream_folder(station)
    await station.nats.stop()
    backup = shutil.copytree(store, store.with_name("EVENTS.before"))
    await station.nats.start()
    await station.move(order_id, "in_progress")
    await station.move(order_id, "done")
    await settled(station)
    whole = await events_in_stream(station)
    await station.nats.kill()
    shutil.rmtree(store)
    # Only the messages: the consumers still know how far they were.
    backup.rename(store)
    await station.nats.start()
    await reconnected(station)
    cut = await events_in_stream(station)
    assert set(cut) < set(whole)

    checked = await rebuild(station, "--check")
    assert checked.exit_code == 1
    assert told(checked, "missing").total() == len(whole) - len(cut)
    assert await events_in_stream(station) == cut

    outcome = await rebuild(station, "--yes")
    assert told(outcome, "put back") == told(checked, "missing")
    assert set(await events_in_stream(station)) == set(whole)
    await settled(station)
    recorded = [record.event_id for record in await station.records()]
    assert sorted(recorded) == sorted(whole)


async def test_event_that_the_server_counts_and_gives_to_nobody_is_put_back(
    station: Station,
) -> None:
    """A bit has flipped in the length of its headers: the server skips it without a word."""
    await an_order_in_work(station)
    whole = await events_in_stream(station)
    subject = (await station.records())[0].event.encode()
    await station.nats.stop()
    (block,) = stream_folder(station).glob("*.blk")
    spoilt = bytearray(block.read_bytes())
    spoilt[spoilt.index(subject) + len(subject) + 2] ^= 1
    block.write_bytes(spoilt)
    await station.nats.start()
    await reconnected(station)

    outcome = await rebuild(station, "--yes")

    assert told(outcome, "put back").total() == 1, outcome
    async with connected(station) as client:
        stream = await read_stream(client)
    assert stream
    assert set(stream.ids) == set(whole)


async def test_event_that_was_acknowledged_and_never_handled_is_put_back(station: Station) -> None:
    """As when a bit flips in the number up to which all is acknowledged."""
    await an_order_in_work(station)
    await settled(station)
    await station.stop("audit")
    await station.a_section()
    async with connected(station, "audit") as client:
        reader = await client.jetstream().pull_subscribe_bind("audit", "EVENTS")
        (lost,) = await reader.fetch(1)
        await lost.ack_sync()
    await eventually(lambda: _all_are_marked(station))

    checked = await rebuild(station, "--check")
    assert checked.exit_code == 1
    assert "audit            1 acknowledged by it, and not handled\n" in checked.stdout
    outcome = await rebuild(station, "--yes")
    assert told(outcome, "put back") == told(checked, "missing")
    assert told(outcome, "put back").total() == 1
    # Its copy is still to be delivered.
    assert (await rebuild(station, "--check")).exit_code == 0

    await station.start("audit")
    await settled(station)
    recorded = [record.event_id for record in await station.records()]
    assert len(recorded) == len(set(recorded)) == (await events_in_outboxes(station)).total()
    assert (await rebuild(station, "--check")).exit_code == 0


async def test_only_what_is_neither_handled_nor_parked_nor_to_come_was_never_heard(
    database: Callable[[str], str],
) -> None:
    subject, other = "evt.orders.order_changed.v1", "evt.orders.reference_saved.v1"
    before, handled, parked, lost, again, nobodys, unknown, to_come = (
        InOrder(new_id(), about, seq)
        for seq, about in enumerate([subject] * 5 + ["evt.orders.else.v1", other, subject], 1)
    )
    copy = InOrder(again.id, subject, to_come.seq + 1)
    engine = engine_for(database("finance"), pool_size=1)
    await DeadLetters(engine).park_invalid(subject, {"ce-id": str(parked.id)}, b"", "why")
    async with engine.begin() as connection:
        await connection.execute(inbox.insert(), [{"event_id": handled.id}])
        hearing = Hearing(
            Acknowledged("finance", unknown.seq, frozenset({subject, other})), connection
        )
        await hearing.go_on([before, handled, parked, lost])
        await hearing.go_on([again, nobodys, unknown, to_come, copy])
    await engine.dispose()
    assert hearing.unheard == {lost.id}


async def test_whole_stream_is_left_alone(station: Station) -> None:
    await an_order_in_work(station)
    before = await events_in_stream(station)
    for arguments in (["--check"], ["--yes"]):
        outcome = await rebuild(station, *arguments)
        assert (outcome.exit_code, told(outcome, "missing").total()) == (0, 0)
    assert await events_in_stream(station) == before


async def test_events_come_back_in_the_order_in_which_they_happened(station: Station) -> None:
    order_id, _, _ = await an_order_in_work(station)
    await station.move(order_id, "in_progress")
    await settled(station)
    engines = [engine_for(station.database_urls[service], pool_size=1) for service in ALL]
    async with AsyncExitStack() as stack:
        outboxes = [
            await stack.enter_async_context(as_of_now(service, engine))
            for service, engine in zip(ALL, engines, strict=True)
        ]
        found = [event async for event in missing(outboxes, InStream())]
    for engine in engines:
        await engine.dispose()
    assert [event.created_at for event in found] == sorted(event.created_at for event in found)
    for service in ALL:
        seqs = [event.seq for event in found if event.service == service]
        assert seqs == sorted(seqs)
    assert Counter(event.service for event in found) == +(await events_in_outboxes(station))


async def test_what_was_never_published_is_left_to_its_relay(station: Station) -> None:
    await station.stop("orders")
    owner = await asyncpg.connect(as_owner(station.database_urls["orders"]))
    await owner.execute(
        "WITH waits AS (INSERT INTO unpublished (event_id) VALUES ($1))"
        " INSERT INTO outbox (event_id, subject, headers, body)"
        " VALUES ($1, 'evt.orders.reference_saved.v1', '{}', '{}')",
        new_id(),
    )
    await owner.close()
    assert told(await rebuild(station, "--check"), "missing").total() == 0


async def test_event_whose_id_nats_remembers_though_it_lost_it_is_put_back(
    station: Station,
) -> None:
    await station.a_section()
    await settled(station)
    (event_id,) = await events_in_stream(station)
    await lose_the_store(station)
    await apply_topology(station)
    async with connected(station, "orders") as client:
        # It remembers the id, and does not have the event.
        headers = {"Nats-Msg-Id": str(event_id), "ce-id": str(new_id())}
        await client.jetstream().publish(ReferenceSaved.subject, b"{}", headers=headers)
    outcome = await rebuild(station, "--yes")
    assert (outcome.exit_code, told(outcome, "put back")) == (0, Counter(orders=1))
    assert event_id in await events_in_stream(station)


async def test_full_stream_is_told_and_the_rest_put_back_later(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_order_in_work(station)
    before = await events_in_stream(station)
    await lose_the_store(station)
    with monkeypatch.context() as patch:
        small = topology.EVENTS.evolve(max_bytes=4096)
        patch.setattr(topology, "STREAMS", (small, topology.AUDIT_HEADS))
        outcome = await rebuild(station, "--yes")
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith("pitlane: NATS refuses: ")
    assert "maximum bytes exceeded" in outcome.stderr

    outcome = await rebuild(station, "--yes")
    assert 0 < told(outcome, "put back").total() < len(before)
    assert set(await events_in_stream(station)) == set(before)


async def test_stream_that_ends_before_what_was_acknowledged_is_not_written_to(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def far_ahead(*_: object) -> list[Acknowledged]:
        return [Acknowledged("clients", 2**60, frozenset())]

    monkeypatch.setattr(event_acknowledgements, "acknowledged", far_ahead)
    outcome = await rebuild(station, "--yes")
    assert outcome.exit_code == 1
    assert f"clients has acknowledged {2**60}: restart NATS" in outcome.stderr


@pytest.mark.parametrize("step", [alone, lambda engine: as_of_now("audit", engine)])
async def test_database_that_is_frozen_is_away_and_nats_is_not_blamed(
    database: Callable[[str], str], step: Callable[[AsyncEngine], Any]
) -> None:
    async with line_to(database("audit")) as (line, url):
        line.freeze()
        engine = create_async_engine(driver_url(url), connect_args={"timeout": 0.1})
        with pytest.raises(DatabaseAway, match="a database does not answer: TimeoutError"):
            async with step(engine):
                pass
        await engine.dispose()


def test_databases_of_all_services_are_needed() -> None:
    environment = {
        "PITLANE_NATS_BOOTSTRAP_URL": "nats://127.0.0.1:1",
        **{
            f"PITLANE_{service.upper()}_DATABASE_URL": "postgresql://127.0.0.1:1/none"
            for service in ALL
            if service != "finance"
        },
    }
    outcome = pitlane("events", "rebuild", "--yes", environment=environment)
    assert outcome.exit_code == 1
    assert outcome.stderr == (
        "pitlane: events of all services are needed: PITLANE_FINANCE_DATABASE_URL not set\n"
    )


def stream_folder(station: Station) -> Path:
    (folder,) = station.nats.server.folder.rglob("EVENTS/msgs")
    return folder
