"""Log lines where they lie: read from many files by time, and followed as they come.

Only what a caller asks for is kept in memory: files of any size are read line by line, and a line
is taken apart no further than a question needs.
"""

from __future__ import annotations

import heapq
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import BinaryIO

PUBLISH_FAILED = "publish_failed"
"""What a relay logs when NATS does not take its events: the supervisor listens for it."""
EVENT_SPOILT = "event_spoilt"
"""What a consumer logs when NATS gives it something else than was published: likewise."""
LONGEST_LINE = 1024 * 1024
"""Bytes. What is longer comes in pieces, and is no log line any more."""
DISORDER = 1000
"""Lines. A process writes its lines nearly in order; this many may be out of place."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log. ``at`` sorts by time: ISO, UTC, without its zone; a line that is no JSON
    of ours has the time of the one before it."""

    at: str
    raw: bytes
    source: str
    is_json: bool


type Wanted = Callable[[Line], bool]


class LogFile:
    """One file, as far as it reached when it was opened. It stays open: a rotation meanwhile
    renames it and takes nothing away."""

    def __init__(self, file: BinaryIO, source: str) -> None:
        self.file = file
        self.source = source
        self.end = file.seek(0, os.SEEK_END)

    def raw_lines(self) -> Iterator[bytes]:
        """From the beginning, every time."""
        self.file.seek(0)
        left = self.end
        while left > 0 and (raw := self.file.readline(min(left, LONGEST_LINE))):
            left -= len(raw)
            yield raw

    def lines(self, may_be_wanted: Callable[[bytes], bool]) -> Iterator[Line]:
        """Those that pass a first, cheap look."""
        at = ""
        for raw in filter(may_be_wanted, self.raw_lines()):
            line = as_line(raw, self.source, at)
            at = line.at
            yield line

    def leave_out_unfinished(self) -> None:
        """Ends before a line that is only half written: it will come whole to who follows."""
        self.file.seek(max(0, self.end - LONGEST_LINE))
        last = self.file.read(LONGEST_LINE)
        self.end -= len(last) - (last.rfind(b"\n") + 1)


def open_with_older(path: Path, stack: ExitStack, *, older: bool = True) -> list[LogFile]:
    """A log file and, with ``older``, its rotated predecessors ``.1``, ``.2``, …; at least one.

    The youngest is opened first: a rotation in between then shows a file twice, which is seen,
    and hides none. Raises ``OSError``.
    """
    opened: list[LogFile] = []
    for number in count():
        try:
            file = stack.enter_context(numbered(path, number).open("rb"))
        except FileNotFoundError:
            # The youngest is missing for the moment in which it is being rotated.
            if number == 0 and older:
                continue
            if not opened:
                raise
            return opened
        if identity(file) not in [identity(other.file) for other in opened]:
            opened.append(LogFile(file, path.stem))
        if not older:
            return opened
    raise AssertionError


def by_time(sources: Iterable[Iterable[Line]]) -> Iterator[Line]:
    """The lines of all sources, the oldest first."""
    waiting: list[tuple[str, int, Line]] = []
    arrival = count()
    for line in heapq.merge(*sources, key=lambda line: line.at):
        heapq.heappush(waiting, (line.at, next(arrival), line))
        if len(waiting) > DISORDER:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


class Tail:
    """What comes to a log file, also after it was rotated or cut."""

    def __init__(self, path: Path, after: LogFile | None = None) -> None:
        """What stands in ``after`` is known; without it, everything is new."""
        self._path = path
        self._file: BinaryIO | None = None
        self._rest = b""
        self._at = ""
        if after:
            self._file = os.fdopen(os.dup(after.file.fileno()), "rb")
            self._file.seek(after.end)

    def lines(self) -> list[Line]:
        """Whole lines that came since the last call."""
        if self._file is None:
            return self._whole_of(self._path)
        found = self._new_lines(self._file)
        if self._is_rotated(self._file):
            # Between our last look and the rotation the old file may have grown.
            found += self._new_lines(self._file)
            for path in self._successors(identity(self._file)):
                self.close()
                found += self._whole_of(path)
        return found

    def close(self) -> None:
        if self._file:
            self._file.close()
        self._file, self._rest = None, b""

    def _whole_of(self, path: Path) -> list[Line]:
        try:
            self._file = path.open("rb")
        except FileNotFoundError:
            return []
        return self._new_lines(self._file)

    def _new_lines(self, file: BinaryIO) -> list[Line]:
        if os.fstat(file.fileno()).st_size < file.tell():  # somebody cut it
            file.seek(0)
            self._rest = b""
        found = []
        while raw := file.readline(LONGEST_LINE):
            self._rest += raw
            if not raw.endswith(b"\n") and len(self._rest) < LONGEST_LINE:
                break
            line = as_line(self._rest, self._path.stem, self._at)
            self._rest, self._at = b"", line.at
            found.append(line)
        return found

    def _is_rotated(self, file: BinaryIO) -> bool:
        try:
            return identity_of(self._path.stat()) != identity(file)
        except FileNotFoundError:
            return False  # its successor is not there yet: look again

    def _successors(self, ours: tuple[int, int]) -> list[Path]:
        """What was written after the file that we had open, the oldest first."""
        newer = [self._path]
        for number in count(1):
            older = numbered(self._path, number)
            if not older.exists() or identity_of(older.stat()) == ours:
                break
            newer.append(older)
        return newer[::-1]


def numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}") if number else path


def identity(file: BinaryIO) -> tuple[int, int]:
    return identity_of(os.fstat(file.fileno()))


def identity_of(status: os.stat_result) -> tuple[int, int]:
    """The same for the same file, whatever it is called by now."""
    return status.st_dev, status.st_ino


_AT = re.compile(rb'"at"\s*:\s*"([^"]{10,40})"')


def as_line(raw: bytes, source: str, at_before: str = "") -> Line:
    """A line as it was read. What a container runtime put in front of the JSON goes."""
    raw = raw.rstrip(b"\r\n")
    begin = raw.find(b"{")
    match = _AT.search(raw, begin) if begin >= 0 and raw.endswith(b"}") else None
    at = sortable(match[1].decode(errors="replace")) if match else None
    if at is None:
        return Line(at_before, raw, source, is_json=False)
    return Line(at, raw[begin:], source, is_json=True)


def sortable(at: str) -> str | None:
    """An ISO instant so that earlier ones sort before later ones; None when it is none."""
    if len(at) > 19 and at[10] == "T" and at.endswith("Z"):
        return at[:-1]
    try:
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    except (ValueError, OverflowError):
        return None
