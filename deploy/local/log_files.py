"""Where the output of the station's processes goes: files of bounded size, and the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

MAX_BYTES = 20 * 1024**2
KEPT = 5
"""Older files beside the current one, ``.1`` the youngest."""

type OnTrouble = Callable[[dict[str, Any]], None]


class LogFile:
    """An append-only file that makes room before it grows beyond ``max_bytes``."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, kept: int = KEPT) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._kept = kept
        self._file: IO[bytes] | None = None
        self._size = 0

    def write(self, line: bytes) -> None:
        """A full disk must not stop the station: then the line is lost."""
        try:
            if self._file is None:
                self._file = self._path.open("ab", buffering=0)
                self._size = self._file.tell()
            if self._size and self._size + len(line) >= self._max_bytes:
                self._rotate()
            written = self._file.write(line + b"\n")
            if written > len(line):
                self._size += written
            else:  # half a line would spoil the next one too
                self._file.truncate(self._size)
        except OSError:
            self.close()

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _rotate(self) -> None:
        assert self._file
        self._file.close()
        for number in range(self._kept - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.rename(self._numbered(number + 1))
        self._path.rename(self._numbered(1))
        self._file = self._path.open("ab", buffering=0)
        self._size = 0

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


class ServiceLog:
    """A service's JSON lines. What is no JSON (a crash before logging was set up) becomes some,
    so that the file stays readable for programs; warnings and worse also go to ``trouble``."""

    def __init__(self, file: LogFile, service: str, station: str, trouble: OnTrouble) -> None:
        self._file = file
        self._service = service
        self._station = station
        self._trouble = trouble
        self.last: str = ""
        """What it said last, for whoever must explain why it died."""

    def hear(self, line: bytes) -> None:
        if not line.startswith(b"{"):
            self.say("warning", line.decode(errors="replace"))
            return
        self._file.write(line)
        if b'"level":"info"' in line or b'"level":"debug"' in line:
            return
        try:
            said: dict[str, Any] = json.loads(line)
        except ValueError:
            return
        self.last = str(said.get("event", ""))
        if said.get("error"):
            self.last += f": {said['error']}"
        self._trouble(said)

    def say(self, level: str, event: str, **more: Any) -> None:
        """A line of the runner's own about this service."""
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": level,
            "service": self._service,
            "station": self._station,
            "event": event,
            **more,
        }
        self._file.write(json.dumps(line, ensure_ascii=False, default=str).encode())
        if level not in ("info", "debug"):
            if event.strip():
                self.last = event.strip()
            self._trouble(line)


class ServerLog:
    """What PostgreSQL and nats-server say, as it comes; only what is serious goes further."""

    def __init__(self, file: LogFile, server: str, serious: tuple[bytes, ...], trouble: OnTrouble):
        self._file = file
        self._server = server
        self._serious = serious
        self._trouble = trouble

    def hear(self, line: bytes) -> None:
        self._file.write(line)
        if any(word in line for word in self._serious):
            self._trouble(
                {
                    "at": datetime.now(UTC).isoformat(),
                    "level": "error",
                    "service": self._server,
                    "event": line.decode(errors="replace").strip(),
                }
            )
