"""The station that everything happens to: as ``pitlane up`` runs it, with crash points."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from deploy.local.processes import arguments_of
from shared.settings import SERVICES
from tests.bench import processes
from tests.bench.station import HOST as HOST
from tests.bench.station import BenchStation
from tests.chaos.crash_points import FOLDER
from tests.support.runner import Runner, status

START_TIMEOUT_S = 180.0
SETTLE_TIMEOUT_S = 240.0
LOOK_EVERY_S = 0.1
SMALL_DISK_MB = 900


class ChaosRunner(Runner):
    def __init__(self, data_dir: Path, armed: Path) -> None:
        super().__init__(data_dir)
        self.environment = {FOLDER: str(armed)}

    def pitlane(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-m", "tests.chaos.launcher", *arguments]


class ChaosStation(BenchStation):
    """Its processes by name, and what can be done to them."""

    def __init__(self, folder: Path, *, small_disk: bool = False) -> None:
        """``small_disk``: it has one of its own, which can be full."""
        super().__init__(folder / "station")
        self.data_dir = folder / "station"
        self.armed = folder / "armed"
        self.armed.mkdir(parents=True, exist_ok=True)
        self._runner: ChaosRunner = ChaosRunner(self.data_dir, self.armed)
        self._frozen: dict[int, int | None] = {}
        """When each began: one whose parent is killed meanwhile descends from us no more."""
        self._beginning = asyncio.Lock()
        self._ended: set[tuple[int, int]] = set()
        """Processes of supervisors that were killed: number, and when it began."""
        self._wants_small_disk = small_disk
        self.has_small_disk = False
        self.is_evidence = False
        """Whoever looks for a fault will want its data."""

    async def __aenter__(self) -> Self:
        if self._wants_small_disk:
            self._mount()
        try:
            return await super().__aenter__()
        except BaseException:
            self._unmount()
            raise

    async def __aexit__(self, *error: object) -> None:
        await super().__aexit__(*error)
        self._unmount()

    @property
    def store(self) -> Path:
        """The folder of JetStream's files."""
        return self.data_dir / "nats" / "jetstream"

    def fill_disk(self, ballast: Path) -> None:
        """To the last block."""
        with ballast.open("wb") as file:
            size, step = 0, 64 * 1024**2
            while step >= 4096:
                try:
                    os.posix_fallocate(file.fileno(), size, step)
                    size += step
                except OSError:
                    step //= 2

    def _mount(self) -> None:
        disk = self.data_dir
        disk.mkdir(mode=0o700, parents=True, exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_MB}m,mode=700", "tmpfs"]
        try:
            done = subprocess.run([*mount, str(disk)], capture_output=True, text=True, check=False)
            problem = done.stderr.strip()
        except OSError as error:
            problem = str(error)
        self.has_small_disk = not problem
        if problem:
            print(f"NO FULL DISK: nothing can be mounted here ({problem})", flush=True)

    def _unmount(self) -> None:
        if self.has_small_disk and not self.is_evidence:
            subprocess.run(["umount", str(self.data_dir)], check=False)

    @property
    def port(self) -> int:
        return self._runner.port

    def pid_of(self, name: str) -> int | None:
        """Of a process that runs and is ours. ``supervisor``, ``nursery``, ``nats``,
        ``postgres`` or a service."""
        try:
            told = self.told
            pid: int | None = (
                told["pid"]
                if name == "supervisor"
                else (told["services"].get(name) or told[name])["pid"]
            )
        except Exception:  # it is just starting or stopping
            return None
        return pid if pid and self._is_ours(pid) else None

    def kill(self, name: str) -> bool:
        """False: there was nobody to kill."""
        pid = self.pid_of(name)
        return pid is not None and _signal(pid, signal.SIGKILL)

    async def freeze(self, name: str, seconds: float) -> bool:
        """With all its children, who are PostgreSQL's sessions."""
        pid = self.pid_of(name)
        if pid is None:
            return False
        family = [each.pid for each in processes.Snapshot().tree(pid)]
        self._frozen |= {each: born_at(each) for each in family}
        for each in family:
            _signal(each, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.thaw(family)
        return True

    def thaw(self, pids: list[int] | None = None) -> None:
        for pid in list(self._frozen if pids is None else pids):
            born = self._frozen.pop(pid, None)
            if born is not None and born_at(pid) == born:
                _signal(pid, signal.SIGCONT)

    async def begin_again(self) -> None:
        """After the supervisor has died, and all the others with it: at once, as whoever watches
        over it would."""
        async with self._beginning:
            if (pid := self._runner.pid) is not None:
                family = processes.Snapshot().tree(pid)
                self._ended |= {(each.pid, born_at(each.pid) or 0) for each in family}
            self._runner.send(signal.SIGKILL)
            await self._runner.exit_code()
            await self._runner.begin()

    def orphans(self) -> list[str]:
        """What still runs of a station whose supervisor was killed."""
        return [
            f"{pid} {' '.join(arguments_of(pid))[:100]}"
            for pid, born in self._ended
            # One that has ended, and that nobody has buried, has no arguments.
            if born_at(pid) == born and arguments_of(pid)
        ]

    @property
    def is_supervised(self) -> bool:
        return self._runner.is_running

    def output(self) -> str:
        return self._runner.output()

    async def until_ready(self) -> None:
        """Every process calls itself ready, twice in a row."""
        deadline = time.monotonic() + START_TIMEOUT_S
        in_a_row = 0
        while in_a_row < 2:
            in_a_row = in_a_row + 1 if await self._all_ready() else 0
            if time.monotonic() > deadline:
                raise AssertionError(f"not ready after {START_TIMEOUT_S:.0f} s: {self._not_ready}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def _all_ready(self) -> bool:
        self._not_ready: dict[str, Any] = {"supervisor": "gone"}
        if not self.is_supervised:
            # It may give a start up, without room on its disk say, as long as it tells so in a
            # line: whoever watches over it tries again. What its services say is in its own lines.
            if not any(line.startswith("Traceback") for line in self.output().splitlines()):
                await self.begin_again()
            return False
        with contextlib.suppress(Exception):
            told = self.told["services"]
            addresses = {name: told[name]["health"] for name in SERVICES}
            answers = await asyncio.gather(
                *(status(f"{address}/health/ready") for address in addresses.values())
            )
            found = dict(zip(addresses, answers, strict=True))
            self._not_ready = {name: each for name, each in found.items() if each != 200}
        return not self._not_ready

    def _is_ours(self, pid: int) -> bool:
        """Numbers are given again: only what descends from our supervisor is touched."""
        ours = self._runner.pid
        for _ in range(10):
            if pid == ours:
                return True
            parent = parent_of(pid)
            if parent is None:
                return False
            pid = parent
        return False


def parent_of(pid: int) -> int | None:
    fields = _stat_of(pid)
    return int(fields[1]) or None if fields else None


def born_at(pid: int) -> int | None:
    """In ticks since the machine began; with the number it names one process for ever."""
    fields = _stat_of(pid)
    return int(fields[19]) if fields else None


def _stat_of(pid: int) -> list[str]:
    """What the kernel tells of a process, after its name; nothing of one that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _signal(pid: int, what: signal.Signals) -> bool:
    try:
        os.kill(pid, what)
    except ProcessLookupError:
        return False
    return True
