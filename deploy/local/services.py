"""The station's own processes: one per service, each told by its environment where things are."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping, Sequence

from deploy.local.log_files import ServiceLog
from deploy.local.nursery import Listens, Nursery
from deploy.local.processes import CannotStart, Child, clean_environment, failure
from shared.stopping import TOTAL_S

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = TOTAL_S + 1.0
GATEWAY = "gateway"


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """``own`` on top of what the operator set (station, time zone, log level and so on)."""
    operators = {name: value for name, value in os.environ.items() if name.startswith("PITLANE_")}
    return {**clean_environment(), **operators, **own}


class ServiceProcess:
    """One service's process. Its health pages are on a loopback port of their own; the
    gateway's are on its public one."""

    def __init__(
        self,
        name: str,
        own: Mapping[str, str],
        log: ServiceLog,
        nursery: Nursery,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.name = name
        self.host = host
        self.port = port
        self.child: Child | None = None
        self._own = own
        self._nursery = nursery
        self._log = log

    async def start(self) -> None:
        """At work when it returns: connected, and answering on its port. Raises
        ``CannotStart``."""
        if self.name == GATEWAY:
            self.child = await self._start_gateway()
        else:
            self.child = await self._start_service()
        if not await self._answers("/health/live", within_s=START_TIMEOUT_S):
            by_itself = not self.child.is_running
            code = await self.child.kill()
            why = f"{self.name} does not start: {self._log.last or f'exit code {code}'}"
            raise failure(code, why) if by_itself else CannotStart(why)

    async def _start_gateway(self) -> Child:
        env = environment(self._own)
        return await self._nursery.start(self.name, ["gateway"], env, self._log.hear)

    async def _start_service(self) -> Child:
        """It is born with the socket: between choosing a port and listening on it, somebody else
        could take it."""
        variable = f"PITLANE_{self.name.upper()}_HEALTH"
        with listening(os.environ.get(f"{variable}_HOST", self.host), self.port) as ours:
            self.port = ours.getsockname()[1]
            return await self._nursery.start(
                self.name,
                ["service", self.name],
                environment(self._own),
                self._log.hear,
                listens=Listens(f"{variable}_FD", ours),
            )

    async def wait(self) -> int:
        """Until it has ended, asked or not."""
        assert self.child
        return await self.child.wait()

    async def stop(self) -> None:
        if self.child:
            await self.child.stop(STOP_TIMEOUT_S)

    async def is_ready(self, *, within_s: float) -> bool:
        """Whether it calls itself ready before the time is over."""
        return await self._answers("/health/ready", within_s=within_s)

    async def _answers(self, path: str, *, within_s: float) -> bool:
        assert self.child
        deadline = asyncio.get_running_loop().time() + within_s
        while await http_status(self.host, self.port, path) != 200:
            if not self.child.is_running or asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True


def listening(host: str, preferred: int) -> socket.socket:
    """On the port that was preferred, or, where somebody has that, on any free one."""
    try:
        return socket.create_server((host, preferred))
    except OSError:
        return socket.create_server((host, 0))


async def run_to_end(
    nursery: Nursery, arguments: Sequence[str], own: Mapping[str, str], log: ServiceLog
) -> str:
    """One of our commands, to its end; answers what it printed, which is not logged: it may be a
    password. Raises ``CannotStart``, or the kind of it that the command ended with."""
    said: list[bytes] = []
    name = arguments[0]
    child = await nursery.start(name, arguments, environment(own), said.append, log.hear)
    try:
        code = await child.wait()
    except asyncio.CancelledError:
        await child.kill()
        raise
    if code != 0:
        raise failure(code, f"{name} failed: {log.last or f'exit code {code}'}")
    return b"\n".join(said).decode(errors="replace").strip()


async def http_status(host: str, port: int, path: str, timeout_s: float = 5.0) -> int | None:
    """The status of a GET; None when nobody answers."""
    with contextlib.suppress(OSError, TimeoutError, ValueError, IndexError):
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(
                    f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
                )
                return int((await reader.readline()).split()[1])
            finally:
                writer.close()
    return None
