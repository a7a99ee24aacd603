"""One PostgreSQL for a whole test run, however many workers it has.

The first worker that needs it starts a keeper, a process of its own that holds the server. Every
worker keeps a shared lock on a file for as long as it lives; when the keeper gets that lock for
itself, everybody is gone, however they went, and it clears up.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import asyncpg

from deploy.local.databases import close_to_strangers
from deploy.local.postgres import Postgres

SUPERUSER_PASSWORD = "superuser"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
READY = "ready.json"
USERS_LOCK = "users.lock"


@contextmanager
def shared_cluster(folder: Path) -> Iterator[str]:
    """The superuser's URL of the run's PostgreSQL; ``folder`` is the same for all workers."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / USERS_LOCK).open("w") as in_use:
        fcntl.flock(in_use, fcntl.LOCK_SH)
        with locked(folder / "start.lock"):
            ready = folder / READY
            if not ready.exists():
                _start_keeper(folder)
        yield json.loads(ready.read_text())["url"]
        is_last = _is_alone(in_use)
    if is_last:
        # pytest removes the folder of a run without failures: not from under a running server.
        _wait_until_cleared(ready)


def _is_alone(in_use: IO[str]) -> bool:
    """Whether no other worker is left; the keeper only waits for the lock."""
    try:
        fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_until_cleared(ready: Path) -> None:
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while ready.exists() and time.monotonic() < deadline:
        time.sleep(0.02)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One worker at a time."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start_keeper(folder: Path) -> None:
    log = (folder / "keeper.log").open("w")
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.support.cluster", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        cwd=Path(__file__).parents[2],
    )
    deadline = time.monotonic() + START_TIMEOUT_S
    while not (folder / READY).exists():
        if keeper.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"no PostgreSQL: {(folder / 'keeper.log').read_text()}")
        time.sleep(0.02)


async def keep(folder: Path) -> None:
    """Holds the server until no worker is left, then removes its data."""
    server = Postgres(
        folder / "pg",
        folder,
        SUPERUSER_PASSWORD,
        lambda line: print(line.decode(errors="replace"), flush=True),
        durable=False,
    )
    await server.start()
    connection = await asyncpg.connect(server.url("postgres"))
    await close_to_strangers(connection)
    await connection.close()
    new = folder / f"{READY}.new"
    new.write_text(json.dumps({"url": server.url("postgres")}))
    new.rename(folder / READY)
    with (folder / USERS_LOCK).open("w") as in_use:
        await asyncio.to_thread(fcntl.flock, in_use, fcntl.LOCK_EX)
        await server.stop()
        shutil.rmtree(folder / "pg", ignore_errors=True)
        # The next server in this folder has none of the templates.
        for done in folder.glob("*.done"):
            done.unlink()
        (folder / READY).unlink()


if __name__ == "__main__":
    os.umask(0o077)
    asyncio.run(keep(Path(sys.argv[1])))
