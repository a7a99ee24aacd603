"""Our own processes, forked from one that has imported everything once.

Importing a service takes a second of a core and sixty megabytes; six services and the commands of
the start would do it again and again, each for itself. The nursery does it once. What it forks is
``pitlane ARGUMENT…`` with an environment and an output of its own, a process like any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from deploy.local.launch import die_with
from deploy.local.processes import CannotStart, Child, OnLine, Pipe, failure

MESSAGE_LIMIT = 256 * 1024
"""Bytes; an environment and some words."""

# --- the supervisor's side --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listens:
    """A socket that a process is born with, and the variable that tells it which of its files
    that is."""

    variable: str
    socket: socket.socket


class Nursery:
    """Starts ``pitlane`` processes. When the nursery dies they die too, and the next start makes
    a new one."""

    def __init__(self, on_line: OnLine = lambda _: None) -> None:
        self.on_line = on_line
        self._last_word = ""
        self._child: Child | None = None
        self._starting = asyncio.Lock()
        self._socket: socket.socket | None = None
        self._watch: asyncio.Task[None] | None = None
        self._requests: dict[int, asyncio.Future[int]] = {}
        self._forked: dict[int, _Forked] = {}
        self._number = 0

    async def begin(self) -> None:
        """Has it import, before there is anything to fork. Raises ``CannotStart``."""
        await self._connection()

    async def start(
        self,
        name: str,
        arguments: Sequence[str],
        env: Mapping[str, str],
        on_line: OnLine,
        on_error_line: OnLine | None = None,
        listens: Listens | None = None,
    ) -> Child:
        """Starts ``pitlane ARGUMENT…``. Raises ``CannotStart`` when the nursery itself cannot."""
        connection = await self._connection()
        output = Pipe(on_line)
        errors = Pipe(on_error_line) if on_error_line else output
        self._number += 1
        request = {"number": self._number, "name": name, "arguments": arguments, "env": dict(env)}
        request["listens"] = listens.variable if listens else None
        born: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._requests[self._number] = born
        try:
            ends = [output.write_end, errors.write_end]
            ends += [listens.socket.fileno()] if listens else []
            # A nursery that has just ended takes nothing; what it said last comes as the answer.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                socket.send_fds(connection, [json.dumps(request).encode()], ends)
            pid = await born
        except BaseException as error:
            for pipe in {output, errors}:
                pipe.close()
            if isinstance(error, OSError):
                raise CannotStart(f"{name} cannot be started: {error}") from error
            raise
        finally:
            for pipe in {output, errors}:
                os.close(pipe.write_end)
        return Child(name, self._forked[pid], signal.SIGTERM, tuple({output, errors}))

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    async def stop(self) -> None:
        """After everything it has forked."""
        if self._child and self._watch:
            await self._child.stop()
            await self._watch

    async def _connection(self) -> socket.socket:
        async with self._starting:
            if self._socket is None:
                ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MESSAGE_LIMIT)
                self._last_word = ""
                try:
                    self._child = await Child.start(
                        "nursery",
                        [sys.executable, "-P", "-m", "deploy.local.nursery", str(theirs.fileno())],
                        self._hear,
                        pass_fds=(theirs.fileno(),),
                    )
                finally:
                    theirs.close()
                self._socket = ours
                asyncio.get_running_loop().add_reader(ours, self._told)
                self._watch = asyncio.create_task(self._until_lost(self._child))
            return self._socket

    def _hear(self, line: bytes) -> None:
        self._last_word = line.decode(errors="replace")
        self.on_line(line)

    def _told(self) -> None:
        assert self._socket
        message = b""
        # Reset: it ended without having read all that it was asked.
        with contextlib.suppress(ConnectionResetError):
            message = self._socket.recv(MESSAGE_LIMIT)
        if not message:
            asyncio.get_running_loop().remove_reader(self._socket)
            return
        told: dict[str, int] = json.loads(message)
        if "born" in told:
            self._forked[told["pid"]] = forked = _Forked(told["pid"])
            born = self._requests.pop(told["born"])
            if born.cancelled():  # whoever asked for it did not wait
                forked.send_signal(signal.SIGKILL)
            else:
                born.set_result(told["pid"])
        else:
            self._forked.pop(told["ended"]).end(told["code"])

    async def _until_lost(self, nursery: Child) -> None:
        code = await nursery.wait()
        assert self._socket
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._socket = None
        for forked in self._forked.values():  # the kernel ended them
            forked.end(-signal.SIGKILL)
        self._forked.clear()
        why = f"services cannot be loaded: {self._last_word or f'exit code {code}'}"
        for born in self._requests.values():
            if not born.cancelled():
                born.set_exception(failure(code, why))
        self._requests.clear()


class _Forked:
    """A process that the nursery has forked, as ``Child`` wants it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()

    async def wait(self) -> int:
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, what: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, what)

    def end(self, code: int) -> None:
        self.returncode = code
        self._ended.set()


# --- the nursery itself -----------------------------------------------------------------------


def nurse(requests: socket.socket) -> None:
    """Imports, then forks what it is asked for and tells what became of it, for ever."""
    # Of what is imported hardly anything goes: to look for it would be an eighth of the time.
    gc.disable()
    from shared.settings import SERVICES

    for name in SERVICES:
        import_module(f"services.{name}.app")
    for module in ("deploy.cli", "shared.health", "alembic.command", "services.gateway.users"):
        import_module(module)
    # What is here now stays for ever: no collection needs to touch it, and unshare its memory.
    gc.collect()
    gc.freeze()
    gc.enable()
    # A fork's end wakes the waiting for requests.
    ended, wake_up = os.pipe()
    os.set_blocking(wake_up, False)
    signal.set_wakeup_fd(wake_up)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([requests.fileno(), ended], [], [])
        if ended in ready:
            os.read(ended, 1024)
            _tell_ended(requests)
        if requests.fileno() in ready:
            message, fds, _, _ = socket.recv_fds(requests, MESSAGE_LIMIT, 3)
            if not message:
                return
            _fork(requests, json.loads(message), fds, (ended, wake_up))


def _fork(
    requests: socket.socket, request: dict[str, Any], fds: list[int], not_theirs: tuple[int, int]
) -> None:
    nursery = os.getpid()
    pid = os.fork()
    if pid:
        for fd in fds:
            os.close(fd)
        requests.send(json.dumps({"born": request["number"], "pid": pid}).encode())
        return
    code = 1
    try:
        die_with(nursery, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        output, errors, *listening = fds
        os.dup2(output, 1)
        os.dup2(errors, 2)
        for fd in (output, errors, *not_theirs, requests.detach()):
            os.close(fd)
        for fd in listening:
            os.set_inheritable(fd, False)  # it is not for what the process itself starts
            request["env"][request["listens"]] = str(fd)
        code = _be(request["name"], request["arguments"], request["env"])
    finally:
        # Never back into the nursery's loop, whatever happened.
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _be(name: str, arguments: list[str], env: dict[str, str]) -> int:
    """The command, in its own environment; answers its exit code."""
    import traceback

    from deploy.cli import main

    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["pitlane", *arguments]
    with contextlib.suppress(OSError), open("/proc/self/comm", "w", encoding="ascii") as comm:
        comm.write(f"pitlane-{name}"[:15])
    try:
        main()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _tell_ended(requests: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        code = os.waitstatus_to_exitcode(status)
        requests.send(json.dumps({"ended": pid, "code": code}).encode())


if __name__ == "__main__":
    nurse(socket.socket(fileno=int(sys.argv[1])))
