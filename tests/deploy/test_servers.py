"""PostgreSQL and nats-server as the runner starts, stops and loses them."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import nats
import pytest
from sqlalchemy import text

from deploy import topology
from deploy.local import launch
from deploy.local.consumer_places import HEADER
from deploy.local.nats import Nats
from deploy.local.postgres import Postgres, program
from deploy.local.processes import CannotStart, Killed, arguments_of, working_with
from shared.database import engine_for
from tests.support.broker import PASSWORDS
from tests.support.waiting import eventually


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Set up once: most tests begin with a copy of it."""
    folder = tmp_path_factory.mktemp("cluster")

    async def set_up() -> None:
        server = postgres(folder)
        await server.start()
        await server.stop()

    asyncio.run(set_up())
    return folder / "pg"


@pytest.fixture
def folder(cluster: Path, tmp_path: Path) -> Path:
    shutil.copytree(cluster, tmp_path / "pg")
    return tmp_path


def postgres(folder: Path, *, durable: bool = False) -> Postgres:
    return Postgres(folder / "pg", folder, "secret", lambda _: None, durable=durable)


def nats_server(folder: Path) -> Nats:
    return Nats(folder / "nats", folder / "run", PASSWORDS, lambda _: None)


async def fetch(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_postgres_keeps_its_data_from_one_start_to_the_next(folder: Path) -> None:
    server = postgres(folder)
    await server.start()
    await fetch(server.url("postgres"), "CREATE TABLE kept (id int)")
    await server.stop()
    again = postgres(folder)
    await again.start()
    assert await fetch(again.url("postgres"), "SELECT count(*) FROM kept") == 0
    await again.stop()


async def test_station_s_postgres_forgets_nothing_on_power_loss(folder: Path) -> None:
    server = postgres(folder, durable=True)
    await server.start()
    for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
        assert await fetch(server.url("postgres"), f"SHOW {setting}") == "on", setting
    assert await fetch(server.url("postgres"), "SHOW data_checksums") == "on"
    await server.stop()


async def test_postgres_recovers_after_being_killed(folder: Path) -> None:
    server = postgres(folder, durable=True)
    await server.start()
    await fetch(server.url("postgres"), "CREATE TABLE kept (id int)")
    assert server.child
    await server.child.kill()
    assert await server.wait() == -signal.SIGKILL
    await server.start()
    assert await fetch(server.url("postgres"), "SELECT count(*) FROM kept") == 0
    await server.stop()


async def test_statement_ends_soon_after_the_client_that_it_was_for(folder: Path) -> None:
    server = postgres(folder)
    await server.start()
    client = await asyncpg.connect(server.url("postgres"))
    session = client.get_server_pid()
    report = asyncio.create_task(client.execute("SELECT pg_sleep(600)"))

    async def sessions(state: str) -> object:
        asked = f"SELECT count(*) FROM pg_stat_activity WHERE pid = {session} AND state = '{state}'"
        return await fetch(server.url("postgres"), asked)

    await eventually(lambda: sessions("active"))
    client.terminate()  # as the kernel does for a process that is killed
    with pytest.raises(asyncpg.ConnectionDoesNotExistError):
        await report

    async def gone() -> bool:
        return not await sessions("active")

    await eventually(gone)
    await server.stop()


async def test_sessions_that_outlive_a_killed_server_end_before_the_next_one_starts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two servers' sessions on the same files would spoil them."""
    server = postgres(folder)
    await server.start()
    connection = await asyncpg.connect(server.url("postgres"))
    session = connection.get_server_pid()
    os.kill(session, signal.SIGSTOP)
    assert server.child
    await server.child.kill()
    with monkeypatch.context() as patched:
        patched.setattr(server, "_end_orphans", nothing)
        next_start = asyncio.create_task(server.start())
        await asyncio.wait({next_start}, timeout=0.5)
        assert not next_start.done()
        os.kill(session, signal.SIGCONT)
        await next_start
    assert not arguments_of(session)
    connection.terminate()
    await server.stop()


async def nothing() -> None: ...


async def test_sessions_that_somebody_has_stopped_are_ended_with_their_server_gone_and_no_others(
    folder: Path, cluster: Path, tmp_path: Path
) -> None:
    server, somebody_else = postgres(folder), postgres(tmp_path / "other")
    shutil.copytree(cluster, tmp_path / "other" / "pg")
    sessions = []
    for each in (server, somebody_else):
        await each.start()
        connection = await asyncpg.connect(each.url("postgres"))
        sessions.append((connection, connection.get_server_pid()))
    (connection, session), (theirs, their_session) = sessions
    for pid in (session, their_session):
        os.kill(pid, signal.SIGSTOP)
    assert server.child
    await server.child.kill()

    await server.start()

    assert not arguments_of(session)
    os.kill(their_session, signal.SIGCONT)
    assert await theirs.fetchval("SELECT 1") == 1
    for open_still in (connection, theirs):
        open_still.terminate()
    for each in (server, somebody_else):
        await each.stop()


@pytest.mark.parametrize("left", ["", "\n", "what?\n/var\n"])
async def test_lock_file_that_tells_nothing_is_no_reason_not_to_start(
    folder: Path, left: str
) -> None:
    """A disk that was full leaves it empty; a server that still works there is found without."""
    before, after = postgres(folder), postgres(folder)
    await before.start()
    (before.folder / "postmaster.pid").write_text(left)
    await after.start()
    assert await fetch(after.url("postgres"), "SELECT 1") == 1
    await before.wait()  # ended by the one that came after
    await after.stop()


async def test_postgres_never_runs_as_root_and_its_files_stay_ours(tmp_path: Path) -> None:
    server = postgres(tmp_path)
    await server.start()
    assert {path.stat().st_uid for path in server.folder.iterdir()} == {os.geteuid()}
    await server.stop()


async def test_folder_too_deep_for_a_socket_is_served_on_a_loopback_port(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    server = postgres(deep)
    await server.start()
    assert "@127.0.0.1:" in server.url("postgres")
    assert await fetch(server.url("postgres"), "SELECT 1") == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        await fetch(server.url("postgres", password="wrong"), "SELECT 1")
    await server.stop()


@pytest.mark.parametrize("name", ["станция № 1 'юг'", "one, two", "a:b@c?d=e&f#g%20+\\"])
async def test_servers_work_in_a_folder_with_any_name(
    cluster: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name
    shutil.copytree(cluster, folder / "pg")
    database, broker = postgres(folder), nats_server(folder)
    await database.start()
    assert await fetch(database.url("postgres"), "SELECT 1") == 1
    engine = engine_for(database.url("postgres"))
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    await engine.dispose()
    await broker.start()
    await topology.apply(broker.url("bootstrap"), {})
    await database.stop()
    await broker.stop()


async def test_set_up_of_postgres_cut_short_is_begun_anew(tmp_path: Path) -> None:
    """As initdb leaves its folder when it is killed half way."""
    half = tmp_path / "pg.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    server = postgres(tmp_path)
    await server.start()
    assert await fetch(server.url("postgres"), "SELECT 1") == 1
    assert not half.exists()
    await server.stop()


async def test_set_up_of_postgres_that_is_killed_says_that_it_was(tmp_path: Path) -> None:
    server = postgres(tmp_path)
    starting = asyncio.create_task(server.start())
    setting_up = f"--pgdata={tmp_path / 'pg.new'}"

    async def is_killed() -> bool:
        pids = working_with(setting_up)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return bool(pids)

    await eventually(is_killed)
    with pytest.raises(Killed, match="PostgreSQL cannot be set up"):
        await starting
    await server.start()
    assert await fetch(server.url("postgres"), "SELECT 1") == 1
    await server.stop()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "is not a PostgreSQL folder"),
        ({"PG_VERSION": "16\n"}, "was made by PostgreSQL 16, this is 18"),
    ],
)
async def test_foreign_folder_is_refused_and_left_alone(
    tmp_path: Path, content: dict[str, str], message: str
) -> None:
    (tmp_path / "pg").mkdir()
    for name, written in content.items():
        (tmp_path / "pg" / name).write_text(written)
    with pytest.raises(CannotStart, match=message):
        await postgres(tmp_path).start()
    assert {path.name for path in (tmp_path / "pg").iterdir()} == set(content)


async def test_damaged_cluster_is_told_in_one_line(folder: Path) -> None:
    server = postgres(folder)
    await server.start()
    await server.stop()
    (server.folder / "global" / "pg_control").unlink()
    with pytest.raises(CannotStart, match=r"PostgreSQL does not start: .*pg_control"):
        await postgres(folder).start()


async def test_pid_file_of_before_a_reboot_does_not_keep_postgres_from_starting(
    folder: Path,
) -> None:
    """It names a process that is somebody else's by now."""
    server = postgres(folder)
    await server.start()
    pid_file = server.folder / "postmaster.pid"
    stale = pid_file.read_text().splitlines()
    await server.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *stale[1:]]) + "\n")
    await server.start()
    assert await fetch(server.url("postgres"), "SELECT 1") == 1
    await server.stop()


async def test_two_runners_never_share_one_cluster(folder: Path) -> None:
    """The second ends what the first left behind, before it starts its own."""
    first, second = postgres(folder), postgres(folder)
    await first.start()
    await second.start()
    assert first.child
    assert second.child
    assert not first.child.is_running
    assert await fetch(second.url("postgres"), "SELECT 1") == 1
    await second.stop()


async def test_nats_keeps_its_port_and_its_events_when_it_starts_again(tmp_path: Path) -> None:
    server = nats_server(tmp_path)
    await server.start()
    port = server.port
    await topology.apply(server.url("bootstrap"), {})
    kept = await publish(server, b"kept")
    await server.kill()
    assert await server.wait() == -signal.SIGKILL
    await server.start()
    assert server.port == port
    assert await publish(server, b"next") == kept + 1
    await server.stop()


@pytest.mark.parametrize(
    ("file", "behind"), [("o.dat", b""), ("o.dat", HEADER), ("meta.inf", b"durable_name")]
)
async def test_consumer_whose_files_are_spoilt_begins_anew(
    tmp_path: Path, file: str, behind: bytes
) -> None:
    """The server would refuse to make another one of its name, at this start and every other; or
    take all memory to see how far it has come."""
    server = nats_server(tmp_path)
    await server.start()
    heard = {"orders": ["evt.orders.>"], "audit": ["evt.orders.>"]}
    await topology.apply(server.url("bootstrap"), heard)
    for body in (b"first", b"second"):
        await publish(server, body)
    for service in heard:
        await next_event(server, service)
    await server.stop()
    (place,) = server.folder.glob(f"jetstream/*/streams/EVENTS/obs/orders/{file}")
    spoilt = bytearray(place.read_bytes())
    spoilt[spoilt.index(behind) + len(behind)] ^= 0x80
    place.write_bytes(spoilt)

    await server.start()
    await topology.apply(server.url("bootstrap"), heard)

    assert [await next_event(server, service) for service in heard] == [b"first", b"second"]
    await server.stop()


async def test_event_that_would_be_owed_for_years_is_given_at_once(tmp_path: Path) -> None:
    """One bit of when it was delivered last: it was in 68 years, and comes again after that."""
    server = nats_server(tmp_path)
    await server.start()
    heard = {"orders": ["evt.orders.>"]}
    await topology.apply(server.url("bootstrap"), heard)
    await publish(server, b"first")
    await next_event(server, "orders", acknowledges=False)
    await server.stop()
    (place,) = server.folder.glob("jetstream/*/streams/EVENTS/obs/orders/o.dat")
    spoilt = bytearray(place.read_bytes())
    # The seconds, seven bits in a byte, are before four small numbers.
    spoilt[-5] ^= 1 << (32 - 4 * 7)
    place.write_bytes(spoilt)

    await server.start()
    await topology.apply(server.url("bootstrap"), heard)

    assert await next_event(server, "orders") == b"first"
    await server.stop()


async def test_nats_left_behind_is_ended_before_another_takes_its_store(tmp_path: Path) -> None:
    first, second = nats_server(tmp_path), nats_server(tmp_path)
    await first.start()
    await second.start()
    assert first.child
    assert not first.child.is_running
    await second.stop()


async def test_nats_passwords_are_for_the_owner_s_eyes_only(tmp_path: Path) -> None:
    server = nats_server(tmp_path)
    await server.start()
    configuration = tmp_path / "run" / "nats.conf"
    assert configuration.stat().st_mode & 0o077 == 0
    assert server.child
    assert not any("orders-password" in word for word in arguments_of(server.child.pid))
    await server.stop()


async def test_store_that_nats_cannot_use_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "nats").mkdir()
    (tmp_path / "nats" / "jetstream").write_text("a file where a folder belongs")
    with pytest.raises(
        CannotStart, match=r"nats-server does not start: .*storage directory is not"
    ):
        await nats_server(tmp_path).start()


async def test_servers_end_with_the_runner_however_it_ended(tmp_path: Path) -> None:
    runner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.deploy.lonely_runner", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert runner.stdout
    pids = [int(word) for word in (await runner.stdout.readline()).split()]
    assert all(map(arguments_of, pids))
    runner.kill()
    await runner.communicate()

    async def all_gone() -> bool:
        return not any(map(arguments_of, pids))

    await eventually(all_gone)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_without_namespaces_runs_postgres_as_nobody(tmp_path: Path) -> None:
    """In a home that nobody may enter."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "pg").mkdir(mode=0o700)
    child = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, os; sys.path.insert(0, sys.argv[1]); import launch\n"
            "def refuse(_): raise PermissionError('seccomp')\n"
            "os.unshare = refuse\n"
            "launch.stop_being_root(sys.argv[2])\n"
            "assert os.geteuid() != 0\n"
            "os.execv(sys.argv[3], sys.argv[3:])",
            str(Path(launch.__file__).parent),
            str(home / "pg"),
            str(program("initdb")),
            f"--pgdata={home / 'pg'}",
            "--no-sync",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    assert (home / "pg" / "PG_VERSION").stat().st_uid == (home / "pg").stat().st_uid != 0


async def publish(server: Nats, body: bytes) -> int:
    client = await nats.connect(server.url("orders"), inbox_prefix=b"_INBOX_orders")
    try:
        return (await client.jetstream().publish("evt.orders.order_created.v1", body)).seq
    finally:
        await client.close()


async def next_event(server: Nats, service: str, *, acknowledges: bool = True) -> bytes:
    """Of a service's consumer."""
    inbox_prefix = f"_INBOX_{service}".encode()
    connection = await nats.connect(server.url(service), inbox_prefix=inbox_prefix)
    reader = await connection.jetstream().pull_subscribe_bind(service, "EVENTS")
    (message,) = await reader.fetch(1)
    if acknowledges:
        await message.ack_sync()
    await connection.close()
    return message.data
