"""The databases' log on its way to the folder of backups, as it is written.

The first backup begins it: it notes the folder in the station's own, and from then on the
supervisor keeps a receiver. PostgreSQL keeps for it what it has not received yet, up to a bound;
whoever was away for longer than that bears goes on with the next backup, in a new folder, since a
log with a gap is good for nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg

from deploy.backup.folder import LOG_PREFIX
from deploy.backup.programs import libpq
from deploy.local.files import write_private
from deploy.local.postgres import environment, program
from deploy.local.processes import CannotStart, Child, OnLine

NOTE = "backups.json"
SLOT = "pitlane_backup"
LOOK_EVERY_S = 2.0
"""After that long at most what was received is on the disk, also if the power fails."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Where a station's backups go."""

    folder: str
    log: str

    @property
    def path(self) -> Path:
        return Path(self.folder) / self.log


def noted(station: Path) -> Archive | None:
    """None as long as no backup was made."""
    try:
        return Archive(**json.loads((station / NOTE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


async def begin_log(connection: asyncpg.Connection, station: Path, to: Path, name: str) -> Archive:
    """From now on nothing of the log is lost. ``connection``: the superuser's; ``name``: of the
    backup that is being made."""
    archive = noted(station)
    slot = await connection.fetchrow(
        "SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1", SLOT
    )
    if slot and slot["wal_status"] == "lost":
        await connection.execute("SELECT pg_drop_replication_slot($1)", SLOT)
        slot = None
    if slot is None:
        await connection.execute("SELECT pg_create_physical_replication_slot($1, true)", SLOT)
    if slot is None or archive is None or archive.folder != str(to) or not archive.path.is_dir():
        archive = Archive(str(to), f"{LOG_PREFIX}{name}")
        archive.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(station / NOTE, json.dumps(asdict(archive)))
    return archive


class LogReceiver:
    """Receives the log of a running station, for as long as it runs."""

    def __init__(
        self, station: Path, url: Callable[[], str], on_line: OnLine, say: Callable[..., None]
    ) -> None:
        """``url``: the superuser's."""
        self._station = station
        self._url = url
        self._on_line = on_line
        self._say = say
        self._child: Child | None = None
        self._archive: Archive | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="log-receiver")

    async def stop(self) -> None:
        """After PostgreSQL, which waits until its last word was received."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._end()

    async def _run(self) -> None:
        while True:
            try:
                await self._look()
            except (CannotStart, OSError) as error:
                # Told, and tried again: a log that stops for good is noticed when it is needed.
                self._say("error", "log_not_kept", error=str(error))
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        archive = noted(self._station)
        if archive != self._archive:
            await self._end()
            self._archive = archive
        if archive is None:
            return
        if self._child is None or not self._child.is_running:
            if self._child:
                self._say("error", "died", process="log-receiver")
            await self._begin(archive)
        await asyncio.to_thread(_to_disk, archive.path)

    async def _begin(self, archive: Archive) -> None:
        self._child = await Child.start(
            "pg_receivewal",
            [
                str(program("pg_receivewal")),
                f"--directory={archive.path}",
                f"--slot={SLOT}",
                "--status-interval=1",
                "--no-password",
            ],
            self._on_line,
            env={**environment(), **libpq(self._url())},
        )

    async def _end(self) -> None:
        if self._child:
            await self._child.stop()
            self._child = None


def _to_disk(log: Path) -> None:
    """What is complete the receiver itself has written to the disk."""
    for segment in log.glob("*.partial"):
        try:
            descriptor = os.open(segment, os.O_RDONLY)
        except FileNotFoundError:
            continue  # complete meanwhile
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
