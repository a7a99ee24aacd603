"""Processes beside this one, and what a tree of them has used, as the kernel counts it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    parent: int
    cpu_s: float
    """User and system time, with that of children which have ended and were waited for."""


class Snapshot:
    """All processes of the machine at one moment."""

    def __init__(self) -> None:
        self._processes = {process.pid: process for process in _all_processes()}
        self._children: dict[int, list[int]] = {}
        for process in self._processes.values():
            self._children.setdefault(process.parent, []).append(process.pid)

    def tree(self, root: int) -> list[Process]:
        """A process and all that descend from it; of one that has ended, nothing."""
        if root not in self._processes:
            return []
        below = (self.tree(child) for child in self._children.get(root, ()))
        return [self._processes[root], *chain.from_iterable(below)]

    def cpu_s(self, root: int) -> float:
        """CPU seconds of a tree since each of its processes began."""
        return sum(process.cpu_s for process in self.tree(root))


def memory_mb(root: int) -> float:
    """What a tree holds in memory; a page that several share counts once (PSS)."""
    total_kb = 0
    for process in Snapshot().tree(root):
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
            total_kb += sum(
                int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")
            )
    return total_kb / 1024


def own_cpu_s() -> float:
    """Of this process: the load generator's."""
    times = os.times()
    return times.user + times.system


@contextlib.asynccontextmanager
async def beside(module: str, *arguments: str) -> AsyncIterator[None]:
    """A module as a process that says ``ready``, and ends when its stdin is closed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    try:
        if await process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"{module} does not start: {arguments[0]}")
        yield
    finally:
        process.stdin.close()
        await process.wait()


def _all_processes() -> Iterator[Process]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            # It may end while we look.
            with contextlib.suppress(OSError):
                yield _read(folder)


def _read(folder: Path) -> Process:
    # The name, in brackets, may hold anything.
    fields = (folder / "stat").read_text().rpartition(") ")[2].split()
    user, system, childrens_user, childrens_system = map(int, fields[11:15])
    ticks = user + system + childrens_user + childrens_system
    return Process(int(folder.name), int(fields[1]), ticks / TICKS_PER_S)
