"""The service's side of rendering: a few jobs at once, a few waiting, and a way to say no."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from services.documents.rendering.jobs import CONFINED, LENGTH_BYTES, Job, Outcome, sent
from shared.refusals import Refused
from shared.service import Running

log = structlog.get_logger(__name__)

AT_ONCE = 2
WAITING = 6
"""Jobs beyond this are told to come back: a queue that only grows helps nobody."""
WAIT_S = 4.0
START_S = 30.0
"""A first job waits for the zygote to be ready, which is no fault of the job's: on a busy machine
that takes long. Whatever works on a job ends by itself after ``WALL_S``."""
WALL_S = 8
"""Only for what hangs, or for a machine that has no time: whoever asked waits little longer."""
FUNERAL_S = 0.25
"""Until we must have heard that the zygote itself has died."""


class Renderers:
    """The confined processes of one service; the zygote is started by the first job."""

    def __init__(self, wall_s: int = WALL_S) -> None:
        self.wall_s = wall_s
        self._zygote: Process | None = None
        self._control: socket.socket | None = None
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._starting = asyncio.Lock()
        self._waiting = 0

    async def run(self, _: Running) -> None:
        """Beside the service: ends with it, and takes the zygote along."""
        try:
            await asyncio.Event().wait()
        finally:
            self._end()
            self._turns, self._starting = asyncio.Semaphore(AT_ONCE), asyncio.Lock()

    @property
    def zygote_pid(self) -> int | None:
        return self._zygote.pid if self._zygote else None

    async def made(self, job: Job) -> tuple[Outcome, bytes]:
        """The file that the job comes to. Raises ``Refused``: the job's own, ``form_too_heavy``
        when it would take too much, ``render_failed``, ``busy``."""
        async with self._turn():
            outcome, content = await self._sent(job)
        if outcome.code == "render_failed":
            log.error("render_failed", kind=job.kind, why=outcome.params.get("why"))
            raise Refused("render_failed")
        if outcome.code:
            raise Refused(outcome.code, **outcome.params)
        return outcome, content

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= WAITING:
            raise Refused("busy", service="documents")
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_S):
                await self._turns.acquire()
        except TimeoutError:
            raise Refused("busy", service="documents") from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    async def _sent(self, job: Job) -> tuple[Outcome, bytes]:
        body = sent(job)
        for _ in range(2):
            zygote, connection = await self._connected()
            render = _Render(connection)
            try:
                async with asyncio.timeout(self.wall_s + START_S):
                    return await render.asked(body)
            except (EOFError, OSError, TimeoutError) as error:
                # Killed for what it took, or by a fault that the kernel ended: the job's own
                # doing. Only if the zygote is gone too, the job is not to blame.
                with suppress(TimeoutError):
                    await asyncio.wait_for(zygote.wait(), FUNERAL_S)
                if zygote.returncode is None:
                    hung = render.has_taken(self.wall_s)
                    log.warning("render_killed", kind=job.kind, error=error, hung=hung)
                    if hung:
                        # It was not let compute as much as a job may.
                        raise Refused("busy", service="documents") from error
                    raise Refused("form_too_heavy") from error
        log.error("zygote_does_not_stay", returncode=zygote.returncode)
        raise Refused("render_failed")

    async def _connected(self) -> tuple[Process, socket.socket]:
        """A connection whose other end a fork of the zygote is going to have."""
        async with self._starting:
            if self._zygote is None or self._zygote.returncode is not None:
                await self._start()
            assert self._zygote
            assert self._control
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            with theirs:
                try:
                    socket.send_fds(self._control, [b"j"], [theirs.fileno()])
                except OSError:
                    # It has just died: our end reads the end of file at once.
                    await self._zygote.wait()
            return self._zygote, ours

    async def _start(self) -> None:
        self._end()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._zygote = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "services.documents.rendering.zygote",
                str(theirs.fileno()),
                str(self.wall_s),
                stdin=DEVNULL,
                stdout=DEVNULL,
                pass_fds=(theirs.fileno(),),
                # Nothing of our own environment: it holds passwords.
                env={"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C.UTF-8"},
                start_new_session=True,
            )

    def _end(self) -> None:
        if self._control:
            self._control.close()
        if self._zygote and self._zygote.returncode is None:
            self._zygote.kill()
        self._zygote = self._control = None


class _Render:
    """One job at a fork of the zygote, and how long it has taken: its time begins when the fork is
    confined, however long the zygote took to be born."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()

    def has_taken(self, seconds: int) -> bool:
        return self._clock() - self._began >= seconds

    async def asked(self, body: bytes) -> tuple[Outcome, bytes]:
        reader, writer = await asyncio.open_unix_connection(sock=self._connection)
        try:
            writer.write(body)
            await writer.drain()
            await reader.readexactly(len(CONFINED))
            self._began = self._clock()
            head = await _part(reader)
            return Outcome.model_validate_json(head), await _part(reader)
        finally:
            writer.close()


async def _part(reader: asyncio.StreamReader) -> bytes:
    length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
    return await reader.readexactly(length)
