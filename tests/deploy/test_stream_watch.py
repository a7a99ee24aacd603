"""The broker's store is lost, rewound or spoilt under load: the watch has it whole again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from nats.js.errors import NotFoundError
from sqlalchemy import delete

from deploy import topology
from deploy.commands.reach import nats_connection
from deploy.local import nats, stream_watch
from deploy.local.processes import failure
from deploy.local.stream_watch import Files, Seen, StreamWatch, files_in, suspicion
from shared.contracts.audit import VerifyChain
from shared.contracts.orders import OrderChanged
from shared.database import unpublished
from shared.ids import new_id
from shared.messaging.answers import Answers, Asked
from shared.messaging.envelope import opening
from shared.messaging.outbox import PUBLISH_TIMEOUT_S, outgoing, write
from shared.messaging.retries import RETRY_DELAYS_S
from shared.messaging.sums import with_sum
from shared.refusals import Refused
from tests.deploy.operating import pitlane_on, reconnected
from tests.support.broker import TestNats
from tests.support.databases import as_owner
from tests.support.day import ADMIN, Station, running_station
from tests.support.waiting import eventually

SERVICES = ("clients", "orders", "audit")
SILENT = ("inventory", "finance", "documents", "gateway")
"""Their databases are there, and empty."""
PUBLISHED = (
    "SELECT count(*) FROM outbox LEFT JOIN unpublished USING (event_id)"
    " WHERE unpublished.event_id IS NULL"
)
ONCE_MORE_AFTER_S = PUBLISH_TIMEOUT_S + 5
"""Who publishes many at once notes those that were acknowledged when the others are given up."""
ASKS_AGAIN_AFTER_S = 2.0
"""What went down with the server is never answered: who waits as long as the gateway does makes
each fault last half a minute."""


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    async with running_station(nats_server, database, *SERVICES) as station:
        station.database_urls |= {name: database(name) for name in SILENT}
        yield station


class Watched:
    """A watch on a test's station, and what it said."""

    def __init__(self, station: Station) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.station = station
        self.watch = StreamWatch(
            lambda: nats_connection(station.nats.url("bootstrap"), "bootstrap"),
            self.rebuild,
            lambda level, event, **more: self.said.append((event, more)),
            restart=self.restart,
            files=self.files,
        )
        self.looks = 0
        self.rebuilt = 0
        self.failed = 0
        self.put_back = 0
        self.restarted = 0

    def files(self) -> Files | None:
        self.looks += 1
        return files_in(self.station.nats.server.folder)

    async def rebuild(self) -> None:
        outcome = await pitlane_on(self.station, "events", "rebuild", "--yes")
        if outcome.exit_code:
            self.failed += 1
            raise failure(outcome.exit_code, outcome.stderr)
        lines = (line.split() for line in outcome.stdout.splitlines())
        self.put_back += sum(int(line[1]) for line in lines if line[2:] == ["put", "back"])
        self.rebuilt += 1

    async def restart(self) -> None:
        self.restarted += 1
        await self.station.nats.kill()
        await self.station.nats.start()

    def told(self, event: str) -> list[str]:
        return [more["why"] for name, more in self.said if name == event]

    async def has_compared(self, because: str) -> bool:
        """The newest comparison has ended well, and one was because of that: one that was under way
        when the broker went has failed."""
        compared = self.told("stream_compared")
        is_under_way = self.rebuilt + self.failed < len(compared)
        told = [
            event for event, _ in self.said if event in ("stream_compared", "stream_not_rebuilt")
        ]
        has_failed = told[-1:] == ["stream_not_rebuilt"]
        return any(because in why for why in compared) and not is_under_way and not has_failed


@asynccontextmanager
async def watched(
    station: Station,
    monkeypatch: pytest.MonkeyPatch,
    *,
    met: bool = False,
    once_more_after_s: float = ONCE_MORE_AFTER_S,
) -> AsyncIterator[Watched]:
    """``met``: as if it had met the server before the services did."""
    monkeypatch.setattr(stream_watch, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(stream_watch, "ONCE_MORE_AFTER_S", once_more_after_s)
    watched = Watched(station)
    if met:
        await watched.watch.meet()
    watching = asyncio.create_task(watched.watch.run())
    try:
        await eventually(lambda: watched.has_compared("not looked at before"))
        yield watched
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@asynccontextmanager
async def under_load(station: Station, clients: int = 4) -> AsyncIterator[list[Any]]:
    """Several clients make sections without pause; who is refused comes again."""
    made: list[Any] = []
    enough = asyncio.Event()

    async def work() -> None:
        while not enough.is_set():
            try:
                async with asyncio.timeout(ASKS_AGAIN_AFTER_S):
                    made.append((await station.a_section()).id)
            except (Refused, TimeoutError):
                await asyncio.sleep(0.02)

    workers = [asyncio.create_task(work()) for _ in range(clients)]
    await eventually(lambda: has(made, 30))
    try:
        yield made
        before = len(made)
        await eventually(lambda: has(made, before + 30))
    finally:
        enough.set()
        await asyncio.gather(*workers)


async def has(made: list[Any], count: int) -> bool:
    return len(made) >= count


async def whole(station: Station) -> None:
    """Whatever was committed is recorded, once, in a chain without a gap. After a fault under load
    that may take the watch's second comparison: it has to be watching still."""

    async def recorded() -> bool:
        committed = [
            await in_database(station, name, "SELECT count(*) FROM outbox") for name in SERVICES
        ]
        return sum(committed) == await in_database(station, "audit", "SELECT count(*) FROM records")

    await eventually(recorded, every_s=0.1)
    chain = await station.ask(VerifyChain())
    assert chain.intact, chain.faults


async def in_database(station: Station, service: str, query: str) -> int:
    owner = await asyncpg.connect(as_owner(station.database_urls[service]))
    try:
        count: int = await owner.fetchval(query)
        return count
    finally:
        await owner.close()


def messages_of(station: Station) -> Path:
    (folder,) = station.nats.server.folder.glob("jetstream/*/streams/EVENTS/msgs")
    return folder


def instant_in(place: bytes) -> int | None:
    """Where a consumer's file has the instant to which the events that it is owed are related; None
    as long as it is owed none. Seven bits of a number are in a byte, the lowest first."""
    ends = [at for at, byte in enumerate(place) if at >= 2 and byte < 0x80]
    how_many = ends[3] + 1  # behind what was acknowledged and delivered, counted in two ways each
    return how_many + 1 if place[how_many] else None


# --- real faults ---------------------------------------------------------------------------------


async def test_store_deleted_under_a_running_server_is_noticed_and_made_whole(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a server goes on acknowledging, into nothing."""
    async with watched(station, monkeypatch) as at:
        async with under_load(station):
            await asyncio.to_thread(shutil.rmtree, station.nats.server.folder)
            await eventually(lambda: at.has_compared("there is no stream"))
            assert at.told("nats_started_anew") == ["its files were taken away"]
            await reconnected(station)
        await whole(station)


async def test_server_that_comes_back_with_an_empty_store_is_filled_again(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(station, monkeypatch) as at:
        async with under_load(station):
            await station.nats.kill()
            await asyncio.to_thread(shutil.rmtree, station.nats.server.folder)
            await station.nats.start()
            await eventually(lambda: at.has_compared("there is no stream"))
        await whole(station)


async def test_what_is_lost_before_it_is_noted_waits_for_no_second_comparison(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many published at once are noted when the slowest was answered, or given up."""
    at_once = Answers.to_all
    acknowledged, compared = asyncio.Event(), asyncio.Event()

    async def slowly(self: Answers, asked: Iterable[Asked], timeout_s: float) -> Any:
        answers = await at_once(self, asked, timeout_s)
        acknowledged.set()
        await compared.wait()
        return answers

    async with watched(station, monkeypatch, once_more_after_s=3600.0) as at:
        await station.stop("audit")
        monkeypatch.setattr(Answers, "to_all", slowly)
        await station.a_section()
        await acknowledged.wait()
        await station.nats.kill()
        await asyncio.to_thread(shutil.rmtree, station.nats.server.folder)
        await station.nats.start()
        await eventually(lambda: at.has_compared("there is no stream"))
        await reconnected(station)
        compared.set()
        await station.start("audit")
        await whole(station)


async def test_stream_that_comes_back_as_it_was_is_given_what_came_since(
    station: Station, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = station.nats.server.folder
    async with watched(station, monkeypatch) as at:
        async with under_load(station):
            await station.nats.stop()
            await asyncio.to_thread(shutil.copytree, store, tmp_path / "older")
            before = await in_database(station, "orders", PUBLISHED)
            await station.nats.start()

            async def hundred_are_lost() -> bool:
                # What is not known to be published is the relays' to see to.
                return await in_database(station, "orders", PUBLISHED) >= before + 100

            await eventually(hundred_are_lost)
            await station.nats.kill()
            await asyncio.to_thread(shutil.rmtree, store)
            (tmp_path / "older").rename(store)
            await station.nats.start()

            async def all_are_back() -> bool:
                # The first comparison to end may be one that had looked before the broker died.
                return at.put_back >= 100

            await eventually(all_are_back)
        await whole(station)


async def test_bit_that_flips_in_the_middle_of_a_block_cuts_nothing_for_good(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(station, monkeypatch) as at:
        async with under_load(station) as made:
            # What was not heard yet is what a cut stream would never tell.
            await station.stop("audit")
            before = len(made)
            await eventually(lambda: has(made, before + 100))
            await station.nats.kill()
            for block in messages_of(station).glob("*.blk"):
                spoilt = bytearray(block.read_bytes())
                if spoilt:
                    spoilt[len(spoilt) // 2] ^= 0x10
                    block.write_bytes(spoilt)
            # Its notes of what the blocks hold: with them the server would not read the blocks.
            (messages_of(station) / "index.db").unlink(missing_ok=True)
            compared = at.rebuilt
            await station.nats.start()

            async def compared_again() -> bool:
                return at.rebuilt > compared

            await eventually(compared_again)
            assert at.put_back > 0
            await station.start("audit")
        await whole(station)


def test_consumer_is_not_made_anew_while_an_event_of_its_may_still_be_tried() -> None:
    assert sum(RETRY_DELAYS_S) + len(RETRY_DELAYS_S) * topology.ACK_WAIT_S < stream_watch.OWED_FOR_S


async def test_consumer_that_would_deliver_again_in_years_is_made_anew(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bit of the instant from which it reckons when that is, at a server whose files nobody
    looks at before it starts."""
    monkeypatch.setattr(stream_watch, "OWED_FOR_S", 3.0)
    monkeypatch.setattr(nats, "with_incredible_places", lambda _: ())
    await station.stop("audit")
    await station.a_section()
    audit = await nats_connection(station.nats.url("audit"), "audit")
    reader = await audit.jetstream().pull_subscribe_bind("audit", str(topology.EVENTS.name))
    await reader.fetch(1)
    await audit.close()
    (place,) = station.nats.server.folder.glob("jetstream/*/streams/EVENTS/obs/audit/o.dat")

    async def notes_what_is_owed() -> bool:
        return instant_in(place.read_bytes()) is not None

    await eventually(notes_what_is_owed)
    await station.nats.kill()
    spoilt = bytearray(place.read_bytes())
    instant = instant_in(bytes(spoilt))
    assert instant
    spoilt[instant + 4] ^= 0x02
    place.write_bytes(spoilt)
    await station.nats.start()
    await reconnected(station)
    await station.start("audit")
    async with watched(station, monkeypatch) as at:
        await whole(station)
        assert [event for event, _ in at.said].count("consumer_made_anew") == 1


async def test_event_that_the_store_has_spoilt_is_put_back_and_handled_once(
    station: Station,
) -> None:
    event = OrderChanged(order_id=new_id(), number="A-000001", revision=1)
    cause = opening("/station-1/orders", "test", ADMIN)
    sent = outgoing(event, cause, "/station-1/orders", cause.time)
    async with station.running["orders"].engine.begin() as connection:
        await write(connection, [sent])
        await connection.execute(delete(unpublished))
    client = await nats_connection(station.nats.url("orders"), "orders")
    await client.jetstream().publish(
        sent.subject,
        sent.body.replace(b"A-000001", b"A-000009"),
        headers={**with_sum(sent.subject, sent.headers, sent.body)},
    )
    await client.close()
    outcome = await pitlane_on(station, "events", "rebuild", "--yes")
    assert outcome.exit_code == 0, outcome
    await whole(station)
    assert [record.body["number"] for record in await station.records()] == ["A-000001"]


async def test_only_a_server_that_services_saw_end_is_compared_once_more(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a start there is nobody who could note late what an earlier run acknowledged, and here
    nobody to whom anything was owed."""
    await station.a_section()
    await station.settle_down()
    monkeypatch.setattr(stream_watch, "OWED_FOR_S", 0.0)
    async with watched(station, monkeypatch, met=True, once_more_after_s=0.0) as at:
        looked = at.looks

        async def looked_again() -> bool:
            return at.looks > looked + 6

        await eventually(looked_again)
        assert at.told("stream_compared") == ["it was not looked at before"]
        await station.nats.kill()
        await station.nats.start()
        await eventually(lambda: at.has_compared("it is time to"))
        assert at.told("stream_compared") == [
            "it was not looked at before",
            "the server was started anew",
            "it is time to",
        ]


async def test_once_what_was_owed_at_a_start_must_be_there_it_is_looked_at_again(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    await station.stop("audit")
    await station.a_section()
    monkeypatch.setattr(stream_watch, "OWED_FOR_S", 0.0)
    async with watched(station, monkeypatch, met=True) as at:
        await eventually(lambda: at.has_compared("it is time to"))
        assert at.told("stream_compared") == ["it was not looked at before", "it is time to"]


async def test_server_that_refuses_without_a_reason_is_started_anew(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_watch, "STUCK_AFTER_S", 0.2)
    async with watched(station, monkeypatch) as at:

        async def started_anew() -> bool:
            at.watch.refused()
            return at.told("nats_started_anew") == ["it refuses events that it has room for"]

        await eventually(started_anew)
        await eventually(lambda: at.has_compared("the server was started anew"))


async def test_database_that_is_away_is_no_reason_to_start_the_server_anew(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_watch, "PAUSE_S", 0.1)
    async with watched(station, monkeypatch) as watched_:
        there = station.database_urls["audit"]
        station.database_urls["audit"] = there + "_elsewhere"
        watched_.watch.doubted()

        async def failed_often() -> bool:
            return len(watched_.told("stream_not_rebuilt")) >= 3

        await eventually(failed_often)
        station.database_urls["audit"] = there
        before = watched_.rebuilt

        async def has_compared_again() -> bool:
            return watched_.rebuilt > before

        await eventually(has_compared_again)
        assert watched_.restarted == 0
        assert "a database does not answer" in str(watched_.said)


async def test_full_stream_is_told_and_not_restarted(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    await station.a_section()
    await station.settle_down()
    monkeypatch.setattr(stream_watch, "STUCK_AFTER_S", 0.0)
    full = topology.EVENTS.evolve(max_bytes=100)
    monkeypatch.setattr(topology, "EVENTS", full)
    async with watched(station, monkeypatch) as at:

        async def told_full() -> bool:
            at.watch.refused()
            return any(event == "stream_full" for event, _ in at.said)

        await eventually(told_full)
        assert at.told("nats_started_anew") == []


async def test_full_stream_leaves_events_in_the_outbox_until_it_may_be_larger(
    nats_server: TestNats, database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        small = topology.EVENTS.evolve(max_bytes=3000)
        patch.setattr(topology, "STREAMS", (small, topology.AUDIT_HEADS))
        async with running_station(nats_server, database, *SERVICES) as station:
            for _ in range(10):
                await station.a_section()

            async def is_told() -> bool:
                state = await station.running["orders"].state()
                why = "relay: NATS refuses events: 10077: maximum bytes exceeded"
                return not state.ready and why in state.problems

            await eventually(is_told)
            patch.undo()
            await nats_server.apply_topology({})
            await whole(station)
            assert (await station.running["orders"].state()).ready


# --- what is suspicious --------------------------------------------------------------------------

BEFORE = Seen(1, "2026-03-02", last_seq=100, messages=50, bytes=5000)


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (BEFORE, None),
        (Seen(1, "2026-03-02", last_seq=120, messages=70), None),
        (Seen(1), "there is no stream"),
        (Seen(2, "2026-03-02", last_seq=100, messages=50), "the server was started anew"),
        (Seen(1, "2026-03-03", last_seq=200, messages=60), "it is another stream"),
        (Seen(1, "2026-03-02", last_seq=99, messages=50), "it ends at 99, and ended at 100"),
        (Seen(1, "2026-03-02", last_seq=120, messages=49), "it has 49 messages, and had 50"),
    ],
)
def test_whatever_a_stream_of_ours_cannot_do_is_suspicious(now: Seen, why: str | None) -> None:
    assert suspicion(BEFORE, now) == why


async def test_each_look_is_held_against_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream grows after it was compared, and then loses some of that."""
    monkeypatch.setattr(stream_watch, "LOOK_EVERY_S", 0.01)
    ends = iter([50, 90])

    class Server:
        """Of what a client of the broker can do, as much as a look asks for."""

        is_connected = True

        def jetstream(self, timeout: float) -> Server:
            return self

        async def stream_info(self, name: str) -> Any:
            end = next(ends, 70)
            state = SimpleNamespace(last_seq=end, messages=end, bytes=end)
            return SimpleNamespace(created="the same", state=state)

        async def consumer_info(self, stream: str, name: str) -> Any:
            raise NotFoundError

        async def close(self) -> None:
            pass

    compared: list[str] = []

    async def connect() -> Any:
        return Server()

    async def rebuild() -> None:
        pass

    def say(_level: str, event: str, **more: Any) -> None:
        if event == "stream_compared":
            compared.append(more["why"])

    watch = StreamWatch(connect, rebuild, say)
    watching = asyncio.create_task(watch.run())

    async def was_suspected() -> bool:
        return compared[1:] == ["it ends at 70, and ended at 90"]

    await eventually(was_suspected)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


def test_stream_that_was_never_looked_at_is_compared() -> None:
    assert suspicion(None, BEFORE) == "it was not looked at before"
