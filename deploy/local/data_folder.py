"""The folder of one station: its layout, its lock, its secrets, and what it tells other commands.

``postgres/``  ``nats/``  the data;  ``logs/``  what every process says;  ``run/``  what is true
only while the station runs;  ``secrets.json``  passwords made at the first start;  ``keys/``  how
the services are known to NATS.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from deploy.local.files import write_private
from deploy.local.processes import CannotStart


class DataFolder:
    """A station's folder, locked for as long as it is open."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: IO[str] | None = None

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def nats(self) -> Path:
        return self.path / "nats"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def keys(self) -> Path:
        return self.path / "keys"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def _told(self) -> Path:
        return self.run / "station.json"

    def open(self) -> None:
        """Makes the folder if need be, and takes it for this process alone. Raises
        ``CannotStart``, and then has changed nothing."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.path.stat().st_uid != os.geteuid():
                raise CannotStart(f"{self.path} belongs to another user: run as that user")
            # It stays open, and with it the lock, until the process ends, however it ends.
            self._lock = (self.path / "lock").open("a+", encoding="ascii")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._lock.truncate(0)
            self._lock.write(str(os.getpid()))
            self._lock.flush()
            for folder in (self.logs, self.run, self.nats):
                folder.mkdir(mode=0o700, exist_ok=True)
            # Of a runner that was killed: its processes are gone, their numbers may be others'.
            self._told.unlink(missing_ok=True)
        except BlockingIOError as error:
            raise CannotStart(f"{self.path} is in use by {self._holder()}") from error
        except OSError as error:
            raise CannotStart(f"cannot write to {self.path}: {error.strerror}") from error

    def close(self) -> None:
        self._told.unlink(missing_ok=True)
        if self._lock:
            self._lock.close()
            self._lock = None

    def passwords(self, names: Iterable[str]) -> dict[str, str]:
        """One for each name; those that do not exist yet are made, and kept before they are
        used for the first time."""
        file = self.path / "secrets.json"
        known: dict[str, str] = {}
        if file.exists():
            try:
                known = json.loads(file.read_text())
            except ValueError as error:
                raise CannotStart(f"{file} is damaged: restore it from a backup") from error
        elif self.postgres.exists():
            raise CannotStart(
                f"{file} is missing, and the databases open with no other passwords: "
                "restore it from a backup"
            )
        missing = {name: secrets.token_urlsafe(24) for name in names if name not in known}
        if missing:
            write_private(file, json.dumps(known | missing, indent=2))
        return known | missing

    def done(self, what: str) -> bool:
        """Whether a step of the first start was finished."""
        return (self.path / f"{what}.done").exists()

    def mark_done(self, what: str) -> None:
        write_private(self.path / f"{what}.done", "")

    def tell(self, station: Mapping[str, Any]) -> None:
        """What other commands need to find this station."""
        write_private(self._told, json.dumps(station, indent=2))

    def _holder(self) -> str:
        try:
            pid = (self.path / "lock").read_text().strip()
        except OSError:
            pid = ""
        return f"a running station (process {pid})" if pid else "a running station"


class NotRunning(CannotStart):
    """There is a station, and it does not run."""


def running_station(path: Path) -> dict[str, Any]:
    """What the station that runs on ``path`` told of itself. Raises ``CannotStart`` with one
    line for a person when none runs there."""
    try:
        with (path / "lock").open(encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        pass  # somebody has it
    except PermissionError as error:
        raise CannotStart(f"{path} belongs to another user") from error
    except OSError as error:
        if (path / "postgres").exists():  # one that was restored, and never ran here
            raise NotRunning(f"the station in {path} does not run") from error
        raise CannotStart(f"there is no station in {path}") from error
    else:
        raise NotRunning(f"the station in {path} does not run")
    try:
        told: dict[str, Any] = json.loads((path / "run" / "station.json").read_text())
    except (OSError, ValueError) as error:
        raise CannotStart(f"the station in {path} is just starting or stopping") from error
    return told
