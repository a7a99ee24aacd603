"""``pitlane up``, as a person runs it: the real servers and every service."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from deploy.local.data_folder import DataFolder
from deploy.local.databases import ServiceDatabase
from deploy.local.postgres import Postgres
from deploy.local.processes import CannotStart, arguments_of
from deploy.local.station import Options
from shared.ids import id_of
from tests.support.runner import Runner
from tests.support.waiting import eventually

# A station keeps both cores busy while it starts: one after the other, each in its own time.
pytestmark = [pytest.mark.xdist_group("stations"), pytest.mark.timeout(300)]

type MakeRunner = Callable[..., Runner]


@dataclass(frozen=True)
class FirstStart:
    data_dir: Path
    output: str

    @property
    def password(self) -> str:
        shown = re.search(r"one-time password\s+(\S+)", self.output)
        assert shown, self.output
        return shown[1]


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> FirstStart:
    """A station that was started once, for the first time, and stopped with Ctrl-C."""
    runner = Runner(tmp_path_factory.mktemp("first") / "data")

    async def run() -> FirstStart:
        try:
            await runner.start()
            assert await runner.stop(signal.SIGINT) == 0
            assert runner.alive() == set()
            return FirstStart(runner.data_dir, runner.output())
        finally:
            await runner.close()

    return asyncio.run(run())


@pytest.fixture
def existing(first_start: FirstStart, tmp_path: Path) -> Path:
    """A copy of that station's folder."""
    return Path(shutil.copytree(first_start.data_dir, tmp_path / "existing"))


@pytest.fixture
async def make_runner(tmp_path: Path) -> AsyncIterator[MakeRunner]:
    made: list[Runner] = []

    def make(data_dir: Path = tmp_path / "data", port: int | None = None) -> Runner:
        made.append(Runner(data_dir, port=port))
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def in_database(data_dir: Path, service: str, statement: str) -> None:
    """Of a station that does not run."""
    secrets = json.loads((data_dir / "secrets.json").read_text())
    database = ServiceDatabase(service, "", "")
    server = Postgres(
        data_dir / "postgres", data_dir, secrets["database:superuser"], lambda _: None
    )
    await server.start()
    connection = await asyncpg.connect(server.url(database.name))
    await connection.execute(statement)
    await connection.close()
    await server.stop()


async def test_second_start_finds_the_data_and_shows_no_password(
    make_runner: MakeRunner, first_start: FirstStart, existing: Path
) -> None:
    """Also where the first one was of a version whose users of NATS had passwords, and no keys."""
    shutil.rmtree(existing / "keys")
    station = make_runner(existing)
    await station.start()
    assert "one-time password" not in station.output()
    assert (await station.sign_in("admin", first_start.password)).is_success
    assert {file.stat().st_mode & 0o777 for file in (existing / "keys").iterdir()} == {0o600}
    assert not any("nats:" in name for name in json.loads((existing / "secrets.json").read_text()))
    assert await station.stop() == 0
    assert station.alive() == set()


async def test_folder_of_a_demo_has_its_users_also_without_the_demo(
    make_runner: MakeRunner, existing: Path
) -> None:
    await in_database(existing, "gateway", "UPDATE users SET must_change_password = false")
    (existing / "first-admin.done").rename(existing / "demo-users.done")
    station = make_runner(existing)
    await station.start()
    assert "nobody was made" not in station.output()
    assert await station.stop() == 0


async def test_nothing_outlives_a_killed_runner_and_the_next_one_starts(
    make_runner: MakeRunner, existing: Path
) -> None:
    killed = make_runner(existing)
    await killed.start()
    assert len(killed.alive()) == 10  # two servers, nursery, six services, gateway
    await killed.stop(signal.SIGKILL)

    async def nothing_left() -> bool:
        return not killed.alive()

    await eventually(nothing_left)
    again = make_runner(existing)
    await again.start()
    assert await again.stop() == 0


async def test_whatever_dies_is_started_again_and_the_station_works_on(
    make_runner: MakeRunner, existing: Path
) -> None:
    station = make_runner(existing)
    await station.start()
    for name in ("orders", "gateway", "nats", "postgres", "nursery"):
        before = station.pid_of(name)
        os.kill(before, signal.SIGKILL)

        async def works_again(name: str = name, before: int = before) -> bool:
            return station.pid_of(name) != before and await station.all_ready()

        await eventually(works_again, timeout_s=60, every_s=0.2)
        if name != "nursery":  # with it everything that it has forked
            assert re.search(rf"restarted.*process={name}", station.output())
    station.remember_children()
    assert await station.stop() == 0
    assert station.alive() == set()


async def test_two_stations_run_side_by_side(
    make_runner: MakeRunner, existing: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(existing, tmp_path / "other"))
    north, south = make_runner(existing), make_runner(other)
    await north.start()
    await south.start()
    for station in (north, south):
        assert str(station.data_dir / "postgres") in arguments_of(station.pid_of("postgres"))
        assert await station.all_ready()
    assert await north.stop() == 0
    assert await south.all_ready()
    assert await south.stop() == 0


async def test_first_start_cut_short_again_and_again_is_finished_by_the_last(
    make_runner: MakeRunner, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    for reached in (
        lambda _: (data / "postgres.new" / "base").exists(),
        lambda _: (data / "postgres" / "PG_VERSION").exists(),
        lambda cut: "✓ PostgreSQL" in cut.output(),
        lambda cut: "✓ migrations" in cut.output(),
    ):
        cut = make_runner(data)
        await cut.begin()

        async def is_there(cut: Runner = cut, reached: Callable[..., bool] = reached) -> bool:
            assert cut.is_running, cut.output()
            return reached(cut)

        await eventually(is_there, timeout_s=90, every_s=0.01)
        await cut.stop(signal.SIGKILL)
    last = make_runner(data)
    await last.start()
    password = FirstStart(data, last.output()).password
    assert (await last.sign_in("admin", password)).is_success
    assert await last.stop() == 0


async def test_nursery_killed_during_the_start_is_no_end_of_it(
    make_runner: MakeRunner, existing: Path
) -> None:
    station = make_runner(existing)
    starting = asyncio.create_task(station.start())

    async def is_killed() -> bool:
        with contextlib.suppress(CannotStart):  # nothing is told yet
            os.kill(station.pid_of("nursery"), signal.SIGKILL)
            return True
        return False

    await eventually(is_killed, timeout_s=60, every_s=0.01)
    await starting
    assert await station.stop() == 0


async def test_ctrl_c_during_the_start_stops_what_has_started(
    make_runner: MakeRunner, existing: Path
) -> None:
    station = make_runner(existing)
    await station.begin()

    async def servers_run() -> bool:
        station.remember_children()
        return len(station.alive()) >= 3

    await eventually(servers_run, timeout_s=60)
    assert await station.stop(signal.SIGINT) == 0
    assert station.alive() == set()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_port_in_use_is_one_line_and_makes_no_folder(
    host: str, make_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PITLANE_HTTP_HOST", host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as taken:
        port = taken.getsockname()[1]
        station = make_runner(port=port)
        assert await station.fails() == (
            f"pitlane: cannot listen on {host}:{port}: Address already in use; "
            "choose another with --http-port\n"
        )
    assert not station.data_dir.exists()


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("::", "http://127.0.0.1:80"),
    ],
)
def test_address_is_one_that_answers_here(host: str, address: str) -> None:
    assert Options(Path(), host, 80).base_url == address


async def test_folder_in_use_is_one_line(make_runner: MakeRunner, tmp_path: Path) -> None:
    holder = DataFolder(tmp_path / "data")
    holder.open()
    said = await make_runner().fails()
    assert re.fullmatch(r"pitlane: \S+ is in use by a running station \(process \d+\)\n", said)
    holder.close()


async def test_folder_that_cannot_be_written_is_one_line(
    make_runner: MakeRunner, tmp_path: Path
) -> None:
    (tmp_path / "data").symlink_to("/proc/data")
    said = await make_runner().fails()
    assert re.fullmatch(r"pitlane: cannot write to \S+: .+\n", said)


async def test_database_that_does_not_let_us_in_is_one_line(
    make_runner: MakeRunner, existing: Path
) -> None:
    secrets = existing / "secrets.json"
    secrets.write_text(json.dumps({**json.loads(secrets.read_text()), "database:superuser": "x"}))
    said = await make_runner(existing).fails()
    assert re.search(r"^pitlane: PostgreSQL refuses: password authentication", said, re.MULTILINE)
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("TIME_ZONE", "Nowhere/Never", "no time zone Nowhere/Never"),
        ("LOG_LEVEL", "loud", "Input should be 'DEBUG', 'INFO', .+"),
        ("COMMAND_TIMEOUT_S", "-1", "Input should be greater than 0"),
        ("ORDERS_HEALTH_PORT", "any", "Input should be a valid integer, .+"),
        ("MESSAGES_SMS_PROVIDER", "pigeon", "Input should be 'file', .+"),
        ("MESSAGES_HTTP", "{", 'error parsing value for field "http" .+'),
    ],
)
async def test_wrong_setting_is_one_line(
    variable: str, value: str, why: str, make_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PITLANE_{variable}", value)
    station = make_runner()
    said = f"pitlane: PITLANE_(MESSAGES_…|{variable}): {why}\n"
    assert re.fullmatch(said, await station.fails())
    assert not station.data_dir.exists()


async def test_service_that_cannot_start_is_told_with_its_reason(
    make_runner: MakeRunner, existing: Path
) -> None:
    await in_database(existing, "orders", "ALTER TABLE station_secrets RENAME TO lost")
    said = await make_runner(existing).fails()
    assert re.search(r"^pitlane: orders does not start: .+$", said, re.MULTILINE)
    logged = [json.loads(line) for line in (existing / "logs" / "orders.jsonl").open()]
    assert any("Traceback" in line["event"] for line in logged)


async def test_rate_that_the_register_cannot_print_is_told_with_the_way_out(
    make_runner: MakeRunner, existing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = json.dumps([{"since": "2004-01-01", "percent": "18"}])
    await in_database(
        existing,
        "finance",
        "INSERT INTO vat_settings (station_id, regime, rates, revision)"
        f" VALUES ('{id_of('station:station-1')}', 'vat', '{rates}', 1)",
    )
    monkeypatch.setenv("PITLANE_FISCAL_ADAPTER", "file")
    said = await make_runner(existing).fails()
    last = "pitlane: finance does not start: The cash register cannot print the station's VAT rate"
    assert f"{last} of 18 %" in said
    assert "PITLANE_FISCAL_ADAPTER=none" in said.partition(last)[2]


async def test_postgres_of_another_version_is_one_line(
    make_runner: MakeRunner, existing: Path
) -> None:
    (existing / "postgres" / "PG_VERSION").write_text("16\n")
    said = await make_runner(existing).fails()
    assert re.search(r"^pitlane: .+ was made by PostgreSQL 16, this is 18", said, re.MULTILINE)


async def test_database_of_a_newer_version_is_refused(
    make_runner: MakeRunner, existing: Path
) -> None:
    await in_database(existing, "orders", "UPDATE alembic_version SET version_num = '9999'")
    said = await make_runner(existing).fails()
    assert re.search(
        r"^pitlane: the database of orders is at revision 9999.*newer", said, re.MULTILINE
    )
