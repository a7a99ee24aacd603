"""Processes forked from one that has imported everything: each is as good as a fresh one."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.nursery import Nursery
from deploy.local.processes import CannotStart, Child, Killed, arguments_of, clean_environment
from deploy.local.services import listening
from tests.support.waiting import PATIENCE_S, eventually


class Forks:
    """Starts ``pitlane`` processes and keeps what they say."""

    def __init__(self) -> None:
        self.said: list[bytes] = []
        self.errors: list[bytes] = []
        self.nursery = Nursery(self.errors.append)

    async def start(self, *arguments: str, **env: str) -> Child:
        return await self.nursery.start(
            arguments[0],
            arguments,
            {**clean_environment(), **env},
            self.said.append,
            self.errors.append,
        )


@pytest.fixture
async def forks() -> AsyncIterator[Forks]:
    forks = Forks()
    yield forks
    await forks.nursery.stop()


async def test_fork_is_the_command_with_its_own_environment_and_output(forks: Forks) -> None:
    north = await forks.start("config", "show", PITLANE_STATION="north")
    south = await forks.start("config", "show", PITLANE_STATION="south")
    assert (await north.wait(), await south.wait()) == (0, 0)
    assert {line for line in forks.said if line.startswith(b"PITLANE_STATION=")} == {
        b"PITLANE_STATION=north",
        b"PITLANE_STATION=south",
    }
    assert forks.errors == []


async def test_fork_that_fails_says_why_and_with_which_code(forks: Forks) -> None:
    child = await forks.start("migrate", "orders")
    assert await child.wait() == 1
    assert forks.errors == [b"pitlane: PITLANE_ORDERS_DATABASE_URL is not set"]
    wrong = await forks.start("no-such-command")
    assert await wrong.wait() == 2


async def test_fork_is_killed_alone_and_the_others_go_on(forks: Forks) -> None:
    dead, alive = await waiting(forks), await waiting(forks)
    assert await dead.kill() == -signal.SIGKILL
    assert alive.is_running
    assert arguments_of(alive.pid)

    async def has_its_own_session() -> bool:  # Ctrl-C at the terminal is not for it
        return os.getsid(alive.pid) == alive.pid

    await eventually(has_its_own_session)
    assert await alive.kill() == -signal.SIGKILL


async def test_forks_end_with_their_nursery_and_the_next_start_makes_a_new_one(
    forks: Forks,
) -> None:
    child = await waiting(forks)
    first = forks.nursery.pid
    assert first
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(PATIENCE_S):
        assert await child.wait() == -signal.SIGKILL

    async def gone() -> bool:
        return not arguments_of(child.pid)

    await eventually(gone)
    again = await forks.start("config", "show")
    assert await again.wait() == 0
    assert forks.nursery.pid != first


async def test_nursery_that_is_killed_before_it_has_forked_says_that_it_was(forks: Forks) -> None:
    asked = asyncio.create_task(forks.start("config", "show"))

    async def importing() -> bool:
        return forks.nursery.pid is not None

    await eventually(importing)
    assert forks.nursery.pid
    os.kill(forks.nursery.pid, signal.SIGKILL)
    with pytest.raises(Killed, match="services cannot be loaded: exit code -9"):
        await asked


async def test_fork_that_nobody_waits_for_any_more_is_ended(forks: Forks) -> None:
    given_up = asyncio.create_task(waiting(forks))

    async def importing() -> bool:
        return forks.nursery.pid is not None

    await eventually(importing)
    await asyncio.wait({given_up}, timeout=0.1)  # asked for, while it is still importing
    given_up.cancel()
    child = await forks.start("config", "show")
    assert await child.wait() == 0
    nursery = forks.nursery.pid
    children = Path(f"/proc/{nursery}/task/{nursery}/children")

    async def childless() -> bool:
        return children.read_text() == ""

    await eventually(childless)


async def test_services_that_cannot_be_imported_are_told(
    forks: Forks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that shadows one of ours, as a broken installation would."""
    monkeypatch.setattr("deploy.local.nursery.sys.executable", str(broken_python(tmp_path)))
    with pytest.raises(CannotStart, match="services cannot be loaded: .*broken"):
        await forks.start("config", "show")


def test_port_that_somebody_took_meanwhile_is_left_to_them() -> None:
    with listening("127.0.0.1", 0) as theirs:
        taken = theirs.getsockname()[1]
        with listening("127.0.0.1", taken) as ours:
            assert ours.getsockname()[1] not in (0, taken)


def broken_python(folder: Path) -> Path:
    python = folder / "python"
    python.write_text("#!/bin/sh\necho 'ImportError: broken' >&2\nexit 1\n")
    python.chmod(0o755)
    return python


async def waiting(forks: Forks) -> Child:
    """A service that waits for a database which is not there."""
    return await forks.start(
        "service",
        "orders",
        PITLANE_ORDERS_DATABASE_URL="postgresql://nobody:secret@127.0.0.1:1/none",
        PITLANE_NATS_URL="nats://127.0.0.1:1",
    )
