"""Child processes of the local runner: they are heard line by line, and never outlive us."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

LAUNCH = Path(__file__).with_name("launch.py")
LINE_LIMIT = 1024 * 1024
"""Bytes. A longer line is cut into several, so that no child can fill our memory."""

LEFTOVER_TIMEOUT_S = 15.0

type OnLine = Callable[[bytes], None]


class CannotStart(Exception):
    """Something of the station cannot start; the message is one line for a person."""

    exit_code = 1


class DatabaseAway(CannotStart):
    """A database does not answer, which is the fault of nothing else. A command of ours tells its
    caller so by its exit code."""

    exit_code = 69  # EX_UNAVAILABLE of sysexits.h


class Killed(CannotStart):
    """Somebody ended it, or the kernel for want of memory: which says nothing of whether it can
    run."""


def failure(exit_code: int, why: str) -> CannotStart:
    """What a process of ours ended with."""
    if exit_code < 0:
        return Killed(why)
    return (DatabaseAway if exit_code == DatabaseAway.exit_code else CannotStart)(why)


class Process(Protocol):
    """What a child is made of: asyncio's process, or one that somebody else forked for us."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    async def wait(self) -> int: ...
    def send_signal(self, what: int, /) -> None: ...


class Child:
    """One running child process. Its stdout and stderr come to ``on_line``, line by line;
    stderr to ``on_error_line``, where that is given."""

    def __init__(
        self,
        name: str,
        process: Process,
        stop_signal: signal.Signals,
        pipes: Sequence[Pipe],
    ) -> None:
        self.name = name
        self._process = process
        self._stop_signal = stop_signal
        self._pipes = pipes

    @classmethod
    async def start(
        cls,
        name: str,
        command: Sequence[str],
        on_line: OnLine,
        *,
        on_error_line: OnLine | None = None,
        env: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        death_signal: signal.Signals = signal.SIGKILL,
        not_root_folder: Path | None = None,
        pass_fds: Sequence[int] = (),
    ) -> Child:
        """Starts ``command``. ``stop_signal`` asks it to end in order; ``death_signal`` reaches
        it from the kernel when we are gone. With ``not_root_folder`` it runs as somebody who is
        not root and owns that folder."""
        output = Pipe(on_line)
        errors = Pipe(on_error_line) if on_error_line else output
        pipes = {output, errors}
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(LAUNCH)),
                *(str(os.getpid()), str(int(death_signal)), str(not_root_folder or "")),
                *command,
                env=dict(clean_environment() if env is None else env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output.write_end,
                stderr=errors.write_end,
                pass_fds=pass_fds,
                # Ctrl-C goes to the terminal's whole group: stopping in order is for us to do.
                start_new_session=True,
            )
        except BaseException:
            for pipe in pipes:
                pipe.close()
            raise
        finally:
            for pipe in pipes:
                os.close(pipe.write_end)
        return cls(name, process, stop_signal, tuple(pipes))

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    async def wait(self) -> int:
        """Until it has ended and all it said was heard; answers its exit code (``-9``: killed)."""
        code = await self._process.wait()
        # A grandchild may hold a pipe open after the child itself is gone.
        await asyncio.wait([pipe.ended for pipe in self._pipes], timeout=1)
        for pipe in self._pipes:
            pipe.close()
        return code

    async def stop(self, grace_s: float = 10.0) -> int:
        """Asks it to end, and ends it when it has not after ``grace_s``."""
        self.send(self._stop_signal)
        try:
            async with asyncio.timeout(grace_s):
                return await self.wait()
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        self.send(signal.SIGKILL)
        return await self.wait()

    def send(self, what: signal.Signals) -> None:
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(what)


class Pipe:
    """What a child says, split into lines. (asyncio's own pipes would make waiting for a child
    a waiting for its children too.)"""

    def __init__(self, on_line: OnLine) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_line = on_line
        self._read_end, self.write_end = os.pipe()
        self._rest = b""
        self.ended: asyncio.Future[None] = self._loop.create_future()
        os.set_blocking(self._read_end, False)
        self._loop.add_reader(self._read_end, self._read)

    def close(self) -> None:
        if self.ended.done():
            return
        self._loop.remove_reader(self._read_end)
        os.close(self._read_end)
        if self._rest:
            self._on_line(self._rest)
        self.ended.set_result(None)

    def _read(self) -> None:
        try:
            chunk = os.read(self._read_end, 64 * 1024)
        except BlockingIOError:
            return
        if not chunk:
            self.close()
            return
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._on_line(line)
        if len(self._rest) > LINE_LIMIT:
            self._on_line(self._rest)
            self._rest = b""


async def end_leftover(pid: int, word: str, last_word: signal.Signals) -> None:
    """Ends a process that a runner before us left behind, if ``pid`` still is that process: one
    that was started with ``word`` among its arguments. Two servers on one folder spoil it."""
    await end_while(lambda: word in arguments_of(pid), pid, word, last_word)


async def end_while(
    is_it: Callable[[], bool], pid: int, word: str, last_word: signal.Signals
) -> None:
    """Ends a process as long as ``pid`` is the one that is meant; ``word``: what it works with.
    Raises ``CannotStart``."""
    deadline = asyncio.get_running_loop().time() + LEFTOVER_TIMEOUT_S
    while is_it():
        if asyncio.get_running_loop().time() > deadline:
            raise CannotStart(f"process {pid} still works with {word}, and does not end")
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, last_word)
            # One that somebody has stopped hears nothing else until it goes on.
            os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(0.05)


def working_with(word: str) -> list[int]:
    """The processes of this machine, other than this one, that have ``word`` among their
    arguments, as far as they are ours to see."""
    return [pid for pid in others() if word in arguments_of(pid)]


def others() -> list[int]:
    """All processes of this machine but this one."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in pids if pid != os.getpid()]


def works_in(pid: int, folder: Path) -> bool:
    """False too when it is gone, or not ours to see."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
    return False


def parent_of(pid: int) -> int:
    """0 when the process is gone."""
    with contextlib.suppress(OSError):
        # Its name stands in brackets, and may have any in it.
        _, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
        return int(rest.split()[1])
    return 0


def arguments_of(pid: int) -> list[str]:
    """Of a running process; none when it is gone, or not ours to see."""
    try:
        words = os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).split("\0")
    except OSError:
        return []
    return [word for word in words if word]


def clean_environment() -> dict[str, str]:
    """Ours without what would lead a child to another database, or to another Python path."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "PITLANE_")) and name != "PYTHONPATH"
    }
