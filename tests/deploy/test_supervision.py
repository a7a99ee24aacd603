"""Keeping processes alive, and their logs within bounds."""

import asyncio
import errno
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.local import processes, supervision
from deploy.local.log_files import LogFile, ServiceLog
from deploy.local.processes import CannotStart, Child, Killed, arguments_of
from deploy.local.supervision import Keeper, all_of
from tests.support.waiting import PATIENCE_S, eventually


class Sleeper:
    """A child that does nothing, until it is told to fail."""

    def __init__(self) -> None:
        self.child: Child | None = None
        self.starts = 0
        self.fails_to_start = 0
        self.fails_with: Exception = CannotStart("no luck")

    async def start(self) -> None:
        self.starts += 1
        if self.fails_to_start:
            self.fails_to_start -= 1
            raise self.fails_with
        self.child = await python("import time; time.sleep(600)")

    async def wait(self) -> int:
        assert self.child
        return await self.child.wait()

    async def stop(self) -> None:
        if self.child:
            await self.child.stop()

    @property
    def pid(self) -> int:
        assert self.child
        return self.child.pid


async def python(program: str, heard: list[bytes] | None = None, **options: Any) -> Child:
    heard = [] if heard is None else heard
    return await Child.start("child", [sys.executable, "-c", program], heard.append, **options)


@pytest.fixture
def said() -> list[tuple[str, str, dict[str, Any]]]:
    return []


@pytest.fixture
def keeper(
    said: list[tuple[str, str, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> tuple[Keeper, Sleeper]:
    monkeypatch.setattr(supervision, "FIRST_PAUSE_S", 0.01)
    sleeper = Sleeper()

    def say(level: str, event: str, **more: Any) -> None:
        said.append((level, event, more))

    return Keeper("sleeper", sleeper, say), sleeper


async def test_child_that_died_is_started_again_and_the_fact_is_logged(
    keeper: tuple[Keeper, Sleeper], said: list[tuple[str, str, dict[str, Any]]]
) -> None:
    kept, sleeper = keeper
    await kept.start()
    first = sleeper.pid
    sleeper.child.send(signal.SIGKILL)  # type: ignore[union-attr]

    async def restarted() -> bool:
        return kept.restarts == 1

    await eventually(restarted)
    assert arguments_of(sleeper.pid)
    assert sleeper.pid != first
    assert said == [
        ("error", "died", {"process": "sleeper", "exit_code": -9, "again_in_s": 0.01}),
        ("warning", "restarted", {"process": "sleeper", "restarts": 1}),
    ]
    await kept.stop()
    assert not arguments_of(sleeper.pid)


@pytest.mark.parametrize("why", [CannotStart("no luck"), OSError(errno.ENOSPC, "disk full")])
async def test_pauses_grow_while_it_cannot_start(
    keeper: tuple[Keeper, Sleeper], said: list[tuple[str, str, dict[str, Any]]], why: Exception
) -> None:
    kept, sleeper = keeper
    await kept.start()
    sleeper.fails_to_start, sleeper.fails_with = 3, why
    sleeper.child.send(signal.SIGKILL)  # type: ignore[union-attr]

    async def restarted() -> bool:
        return kept.restarts == 1

    await eventually(restarted)
    pauses = [more["again_in_s"] for _, event, more in said if event == "died"]
    assert pauses == [0.01, 0.02, 0.04, 0.08]
    await kept.stop()


async def test_what_never_ran_is_not_tried_again(keeper: tuple[Keeper, Sleeper]) -> None:
    kept, sleeper = keeper
    sleeper.fails_to_start = 1
    with pytest.raises(CannotStart, match="no luck"):
        await kept.start()
    assert sleeper.starts == 1
    await kept.stop()


async def test_what_was_killed_while_it_started_is_tried_again(
    keeper: tuple[Keeper, Sleeper], said: list[tuple[str, str, dict[str, Any]]]
) -> None:
    kept, sleeper = keeper
    sleeper.fails_to_start, sleeper.fails_with = 2, Killed("exit code -9")
    await kept.start()
    assert sleeper.starts == 3
    assert [event for _, event, _ in said] == ["cannot_start", "cannot_start"]
    await kept.stop()


async def test_what_is_killed_each_time_it_starts_is_given_up(
    keeper: tuple[Keeper, Sleeper],
) -> None:
    kept, sleeper = keeper
    sleeper.fails_to_start, sleeper.fails_with = 10, Killed("exit code -9")
    with pytest.raises(Killed, match="exit code -9"):
        await kept.start()
    assert sleeper.starts == supervision.FIRST_TRIES
    await kept.stop()


async def test_stopping_ends_the_child_and_starts_no_other(keeper: tuple[Keeper, Sleeper]) -> None:
    kept, sleeper = keeper
    await kept.start()
    await kept.stop()
    assert not arguments_of(sleeper.pid)
    assert (sleeper.starts, kept.restarts) == (1, 0)


async def test_child_that_does_not_listen_is_ended_anyway() -> None:
    heard: list[bytes] = []
    child = await python(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('deaf', flush=True); time.sleep(600)",
        heard,
    )

    async def is_deaf() -> bool:
        return heard == [b"deaf"]

    await eventually(is_deaf)
    assert await child.stop(grace_s=0.2) == -signal.SIGKILL


async def test_child_is_heard_to_its_last_word() -> None:
    heard: list[bytes] = []
    child = await python("import sys; print('one'); sys.stderr.write('two')", heard)
    assert await child.wait() == 0
    assert sorted(heard) == [b"one", b"two"]


async def test_endless_line_does_not_fill_our_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LINE_LIMIT", 100_000)
    heard: list[bytes] = []
    child = await python("print('x' * 1_000_000)", heard)
    await child.wait()
    assert sum(map(len, heard)) == 1_000_000
    assert max(map(len, heard)) < 200_000


async def test_waiting_for_a_child_does_not_wait_for_its_children() -> None:
    heard: list[bytes] = []
    child = await python(
        "import subprocess; print(subprocess.Popen(['sleep', '600']).pid, flush=True)", heard
    )
    async with asyncio.timeout(PATIENCE_S):
        assert await child.wait() == 0
    grandchild = int(heard[0])
    assert arguments_of(grandchild) == ["sleep", "600"]
    os.kill(grandchild, signal.SIGKILL)


async def test_child_sees_no_database_and_no_path_of_whoever_started_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PITLANE_ORDERS_DATABASE_URL", "postgresql://elsewhere")
    heard: list[bytes] = []
    child = await python("import os; print(sorted(os.environ))", heard)
    await child.wait()
    for name in (b"PGPORT", b"PYTHONPATH", b"PITLANE_"):
        assert name not in heard[0]


async def test_first_failure_ends_the_others() -> None:
    ended = []

    async def long() -> None:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            ended.append("long")
            raise

    async def fails() -> None:
        raise CannotStart("no")

    with pytest.raises(CannotStart):
        await all_of(long(), fails())
    assert ended == ["long"]


def test_log_file_makes_room_before_it_grows_too_big(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "orders.jsonl", max_bytes=100, kept=2)
    for number in range(40):
        log.write(b"%09d" % number)
    log.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["orders.jsonl", "orders.jsonl.1", "orders.jsonl.2"]
    assert all(file.stat().st_size <= 100 for file in files)
    oldest_first = b"".join(file.read_bytes() for file in reversed(files)).split()
    assert oldest_first == [b"%09d" % number for number in range(10, 40)]


def test_log_file_goes_on_where_the_last_run_ended(tmp_path: Path) -> None:
    for line in (b"first", b"second"):
        log = LogFile(tmp_path / "orders.jsonl")
        log.write(line)
        log.close()
    assert (tmp_path / "orders.jsonl").read_bytes() == b"first\nsecond\n"


def test_full_disk_does_not_stop_the_station(tmp_path: Path) -> None:
    log = LogFile(Path("/dev/full"))
    log.write(b"lost")
    log.write(b"lost too")


def test_disk_that_is_full_in_the_middle_of_a_line_leaves_whole_ones(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "orders.jsonl")
    log.write(b"first")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))  # as good as a full disk
    try:
        log.write(b"half of it")
        log.write(b"half of the next")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    log.write(b"last")
    log.close()
    assert (tmp_path / "orders.jsonl").read_bytes() == b"first\nlast\n"


def test_traceback_becomes_json_and_warnings_reach_the_terminal(tmp_path: Path) -> None:
    troubles: list[dict[str, Any]] = []
    file = LogFile(tmp_path / "orders.jsonl")
    log = ServiceLog(file, "orders", "north", troubles.append)
    log.hear(b'{"at":"2026-01-01T00:00:00Z","level":"info","service":"orders","event":"started"}')
    log.hear(b'{"at":"2026-01-01T00:00:01Z","level":"error","event":"failed","error":"boom"}')
    log.hear("ImportError: нет модуля".encode())
    lines = [json.loads(line) for line in (tmp_path / "orders.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["started", "failed", "ImportError: нет модуля"]
    assert lines[2] | {"at": None} == {
        "at": None,
        "level": "warning",
        "service": "orders",
        "station": "north",
        "event": "ImportError: нет модуля",
    }
    assert [trouble["event"] for trouble in troubles] == ["failed", "ImportError: нет модуля"]
    assert log.last == "ImportError: нет модуля"
