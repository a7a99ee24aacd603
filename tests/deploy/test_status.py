"""A station at one glance: what is well, what is not, and what somebody must do."""

import asyncio
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import uvicorn
from nats.js.api import ConsumerConfig, ConsumerInfo, SequenceInfo, StreamInfo, StreamState
from rich.console import Console

from deploy import topology
from deploy.commands.reach import Reach
from deploy.commands.status import is_there, look, memory_of
from deploy.commands.status_picture import Picture, ServerSeen, ServiceSeen, shown
from shared.contracts.operations import ServiceState
from shared.health import health_app
from shared.ids import new_id
from shared.messaging import consumer
from shared.service import service_named
from tests.deploy.operating import Outcome, a_dead_letter, pitlane, pitlane_on, reconnected
from tests.support.broker import TestNats
from tests.support.day import BUSINESS, Station, running_station
from tests.support.runner import Runner
from tests.support.waiting import eventually

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    """Everybody, the gateway without its public pages."""
    async with running_station(nats_server, database, *BUSINESS, "gateway") as station:
        yield station


async def status(station: Station) -> Outcome:
    return await pitlane_on(station, "status", "--once")


def rows(outcome: Outcome) -> dict[str, list[str]]:
    """Of the table: what stands behind each name."""
    lines = [line.split() for line in outcome.stdout.splitlines()]
    return {line[0]: line[1:] for line in lines if line and line[0] in (*BUSINESS, "gateway")}


def problems(outcome: Outcome) -> list[str]:
    lines = outcome.stdout.splitlines()
    return [line.removeprefix("! ").strip() for line in lines if line.startswith("! ")]


async def test_station_that_is_well(station: Station) -> None:
    await station.a_section()
    await station.settle_down()
    outcome = await status(station)
    assert outcome.exit_code == 0, outcome
    assert outcome.stdout.rstrip().endswith("all is well")
    assert "EVENTS: 1 events" in outcome.stdout
    table = rows(outcome)
    assert set(table) == {*BUSINESS, "gateway"}
    for name, cells in table.items():
        assert cells[0] == "ready"
        # unsent, lag, dead letters; then waiting, in work, again
        hears = name != "gateway"
        assert cells[4:] == ["0", "0.0", "s", "0", *(["0"] * 3 if hears else ["-"] * 3)], cells


async def test_service_that_is_down_is_named_and_the_rest_is_shown(station: Station) -> None:
    await station.stop("finance", "gateway")
    outcome = await status(station)
    assert outcome.exit_code == 1
    table = rows(outcome)
    assert (table["finance"][0], table["gateway"][0]) == ("down", "down")
    assert {table[name][0] for name in ("clients", "orders", "inventory", "audit")} == {"ready"}
    assert [problem.split(":")[0] for problem in problems(outcome)] == ["finance", "gateway"]


async def test_events_that_wait_for_a_service_are_counted(station: Station) -> None:
    await station.stop("audit")
    for _ in range(3):
        await station.a_section()
    await station.settle_down()
    table = rows(await status(station))
    assert table["audit"] == ["down", "3", "0", "0"]


async def test_dead_letters_are_a_problem(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "RETRY_DELAYS_S", (0.05,))
    await a_dead_letter(station)
    outcome = await status(station)
    assert outcome.exit_code == 1
    assert rows(outcome)["orders"][7] == "1"
    assert problems(outcome) == ["orders: 1 dead letters, see `pitlane dead-letters list`"]


async def test_stream_that_is_missing_is_told(station: Station) -> None:
    await station.nats.kill()
    shutil.rmtree(station.nats.server.folder)
    await station.nats.start()

    await reconnected(station)
    outcome = await status(station)
    assert outcome.exit_code == 1
    assert problems(outcome) == ["the stream is missing: run `pitlane events rebuild`"]


async def test_broker_that_is_down_is_one_more_problem(station: Station) -> None:
    await station.nats.kill()
    outcome = await status(station)
    await station.nats.start()
    assert outcome.exit_code == 1
    assert problems(outcome)[0].startswith("NATS at nats://ops:***@")
    assert {cells[0] for cells in rows(outcome).values()} == {"down"}
    await reconnected(station)


def test_without_a_station_it_is_told(tmp_path: Path) -> None:
    outcome = pitlane("status", "--once", "--data-dir", str(tmp_path))
    assert (outcome.exit_code, outcome.stderr) == (
        1,
        f"pitlane: there is no station in {tmp_path}\n",
    )


# --- the gateway over HTTP -----------------------------------------------------------------------


@asynccontextmanager
async def health_pages(station: Station) -> AsyncIterator[str]:
    """Of the gateway, as its clients reach them."""
    app = health_app(station.settings("gateway"), service_named("gateway").running)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    serving = asyncio.create_task(server.serve())

    async def is_up() -> bool:
        return server.started

    await eventually(is_up)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


async def test_gateway_is_asked_where_its_clients_come(station: Station) -> None:
    await station.stop("gateway")
    async with health_pages(station) as url:
        picture = await look(Reach("station-1", station.nats.url("ops"), gateway_url=url))
    assert picture.problems() == []
    picture = await look(Reach("station-1", station.nats.url("ops"), gateway_url=url))
    (problem,) = picture.problems()
    assert problem.startswith(f"gateway: {url} does not answer: ")


# --- what a picture means ------------------------------------------------------------------------


def a_picture(
    *, last_seq: int = 100, messages: int = 100, size: int = 0, acknowledged: int = 100
) -> Picture:
    state = ServiceState(
        service="orders",
        version="0.1.0",
        ready=True,
        problems=(),
        started_at=NOW,
        relay_pending=0,
        relay_lag_s=0,
        dead_letters=0,
    )
    floor = SequenceInfo(consumer_seq=acknowledged, stream_seq=acknowledged)
    consumer = ConsumerInfo(
        name="orders",
        stream_name="EVENTS",
        created=NOW,
        config=ConsumerConfig(),
        ack_floor=floor,
        delivered=floor,
        num_pending=0,
        num_ack_pending=0,
        num_redelivered=0,
    )
    stream = StreamInfo(
        config=topology.EVENTS,
        state=StreamState(
            messages=messages, bytes=size, first_seq=1, last_seq=last_seq, consumer_count=1
        ),
    )
    seen = ServiceSeen("orders", state, consumer, 4711, 80 * 1024**2)
    return Picture("station-1", NOW, (seen,), (), stream)


def test_picture_without_problems_has_none() -> None:
    assert a_picture().problems() == []


def test_stream_that_ends_before_what_was_acknowledged_was_wiped_or_cut() -> None:
    assert a_picture(acknowledged=101).problems() == [
        "EVENTS was wiped or cut: it ends at 100, and orders has acknowledged 101; restart NATS "
        "and run `pitlane events rebuild`"
    ]


def test_stream_with_holes_has_lost_events() -> None:
    assert a_picture(messages=98).problems() == [
        "EVENTS has lost 2 events: run `pitlane events rebuild`"
    ]


def test_stream_that_is_almost_full_is_told_in_time() -> None:
    (problem,) = a_picture(size=7 * 1024**3).problems()
    assert problem.startswith("EVENTS is 87 % full")


def test_consumer_that_is_missing_is_told_where_one_is_expected() -> None:
    picture = a_picture()
    picture = replace(
        picture,
        services=(replace(picture.services[0], consumer=None),),
        expected_consumers=frozenset({"orders"}),
    )
    assert picture.problems() == ["orders: its consumer is missing, run `pitlane topology apply`"]


def test_service_that_is_not_ready_says_why() -> None:
    picture = a_picture()
    state = picture.services[0].state
    assert isinstance(state, ServiceState)
    sick = state.model_copy(update={"ready": False, "problems": ("relay: 7 events wait",)})
    picture = replace(picture, services=(replace(picture.services[0], state=sick),))
    assert picture.problems() == ["orders: relay: 7 events wait"]


@pytest.mark.parametrize("width", [80, 120])
def test_table_fits_the_terminal(width: int) -> None:
    picture = replace(a_picture(), servers=(ServerSeen("nats", 1, True, 10**9),))
    console = Console(width=width, file=io.StringIO(), force_terminal=True)
    console.print(shown(picture, ZoneInfo("Europe/Moscow"), width))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "…" not in text
    assert all(cell in text for cell in ("orders", "ready", "80.0 MB", "nats", "all is well"))
    assert ("4711" in text) == (width == 120)


def test_memory_is_that_of_a_process_and_its_children_but_for_those_with_a_row_of_their_own() -> (
    None
):
    hungry = "x = bytearray(60_000_000); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hungry], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        child.stdout.readline()
        together, alone = memory_of(os.getpid()), memory_of(os.getpid(), {child.pid})
        assert together
        assert alone
        assert together - alone > 50_000_000
        assert is_there(child.pid)
        child.communicate(b"\n")
    assert not is_there(child.pid)
    assert memory_of(child.pid) is None


# --- a whole station -----------------------------------------------------------------------------


@pytest.mark.xdist_group("stations")
@pytest.mark.timeout(300)
async def test_operators_find_a_station_by_its_folder(tmp_path: Path) -> None:
    runner = Runner(tmp_path / "data")
    folder = ("--data-dir", str(runner.data_dir))

    async def run(*arguments: str) -> Outcome:
        return await asyncio.to_thread(pitlane, *arguments, *folder)

    try:
        await runner.start()
        number = await an_order(runner)
        outcome = await run("status", "--once")
        assert outcome.exit_code == 0, outcome
        names = {line.split()[0] for line in outcome.stdout.splitlines() if line.strip()}
        assert names >= {*BUSINESS, "gateway", "nats", "postgres", "supervisor"}
        for arguments in (
            ("dead-letters", "list"),
            ("audit", "verify"),
            ("audit", "verify", "--direct"),
            ("events", "rebuild", "--check"),
        ):
            outcome = await run(*arguments)
            assert outcome.exit_code == 0, outcome
        await runner.stop()
        way = (await run("logs", "--order", number)).stdout
        said = [" ".join(line.split()[1:5]) for line in way.splitlines()]
        assert said.index("orders create_order handled admin") < said.index(
            "audit on orders.order_created handled"
        )
        assert "gateway POST /orders 201" in said
        assert (await run("status", "--once")).stderr == (
            f"pitlane: the station in {runner.data_dir} does not run\n"
        )
    finally:
        await runner.close()


async def an_order(runner: Runner) -> str:
    """Made over HTTP by the first administrator, and known to the audit; its number."""
    shown = re.search(r"one-time password\s+(\S+)", runner.output())
    assert shown
    signed_in = (await runner.sign_in("admin", shown[1])).json()
    headers = {"Authorization": f"Bearer {signed_in['token']}"}
    async with httpx.AsyncClient(base_url=f"{runner.url}/api/v1", headers=headers) as client:

        async def post(path: str, **body: Any) -> Any:
            key = {"Idempotency-Key": str(new_id())}
            answer = await client.post(path, json=body, headers=key, timeout=20)
            assert answer.is_success, answer.text
            return answer.json() if answer.content else None

        await post("/session/password", old=shown[1], new="a password of 1 own")
        person = await post("/clients", kind="person", last_name="Иванов")
        section = await post("/sections", name="Слесарный")
        mechanic = await post(
            "/employees",
            last_name="Петров",
            first_name="Пётр",
            role="technician",
            section_id=section["id"],
        )
        order = await post(
            "/orders",
            client_id=person["id"],
            section_id=section["id"],
            employee_id=mechanic["id"],
        )

        async def is_audited() -> bool:
            answer = await client.get(f"/orders/{order['id']}/timeline")
            return bool(answer.json()["items"])

        await eventually(is_audited)
    number: str = order["number"]
    return number
