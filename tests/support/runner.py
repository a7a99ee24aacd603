"""``pitlane up`` as a person runs it: a process of its own, on a folder and a port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import httpx

from deploy.local.data_folder import running_station
from deploy.local.processes import CannotStart, arguments_of
from tests.support.waiting import eventually

READY_TIMEOUT_S = 90.0
SERVERS = ("nats", "postgres", "nursery")


class Runner:
    """One ``pitlane up``. Nothing of it is left when the test is over."""

    def __init__(self, data_dir: Path, *options: str, port: int | None = None) -> None:
        self.data_dir = data_dir
        self.port = port or quiet_port()
        self._options = options
        self._process: asyncio.subprocess.Process | None = None
        self._pids: set[int] = set()
        self.environment: dict[str, str] = {}
        """More than ours."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def begin(self) -> None:
        """Starts it, and does not wait."""
        self._output = self.data_dir.with_name(f"{self.data_dir.name}.output").open("a+b")
        self._process = await asyncio.create_subprocess_exec(
            *self.pitlane("up", "--data-dir", str(self.data_dir), "--http-port", str(self.port)),
            *self._options,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._output,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **self.environment, "COLUMNS": "100"},
        )

    def pitlane(self, *arguments: str) -> list[str]:
        return pitlane(*arguments)

    async def start(self) -> None:
        """Returns when the station is ready and has said so."""
        await self.begin()

        async def is_ready() -> bool:
            assert self.is_running, self.output()
            return "Ctrl-C" in self.output() and await status(f"{self.url}/health/ready") == 200

        await eventually(is_ready, timeout_s=READY_TIMEOUT_S, every_s=0.1)
        self.remember_children()

    async def exit_code(self) -> int:
        """Of a run that ends by itself."""
        assert self._process
        async with asyncio.timeout(READY_TIMEOUT_S):
            return await self._process.wait()

    async def fails(self) -> str:
        """What a start says that does not come to anything, and has ended with exit code 1."""
        await self.begin()
        assert await self.exit_code() == 1, self.output()
        return self.output()

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.send(how)
        return await self.exit_code()

    def send(self, what: signal.Signals) -> None:
        if self._process and self.is_running:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(what)

    async def close(self) -> None:
        if self._process:
            self.remember_children()
            self.send(signal.SIGKILL)
            await self._process.wait()
            self._output.close()

            async def nothing_left() -> bool:
                return not self.alive()

            await eventually(nothing_left)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def output(self) -> str:
        self._output.flush()
        return Path(self._output.name).read_text(errors="replace")

    def told(self) -> dict[str, Any]:
        return running_station(self.data_dir)

    def pid_of(self, name: str) -> int:
        told = self.told()
        pid: int = (told[name] if name in SERVERS else told["services"][name])["pid"]
        return pid

    def remember_children(self) -> None:
        """So that it can be asked later whether any is left."""
        with contextlib.suppress(CannotStart):
            told = self.told()
            self._pids |= {told[name]["pid"] for name in SERVERS}
            self._pids |= {service["pid"] for service in told["services"].values()}
            self._pids.discard(None)

    def alive(self) -> set[int]:
        """Remembered children that still run."""
        return {pid for pid in self._pids if arguments_of(pid)}

    async def all_ready(self) -> bool:
        """Every process, by its own word."""
        addresses = [service["health"] for service in self.told()["services"].values()]
        answers = [await status(f"{address}/health/ready") for address in addresses]
        return set(answers) == {200}

    async def sign_in(self, login: str, password: str) -> httpx.Response:
        async with _client() as client:
            return await client.post(
                f"{self.url}/api/v1/session",
                json={"login": login, "password": password},
                timeout=20,
            )


def _client() -> httpx.AsyncClient:
    """Without certificates, which a loopback has none of: to read them is most of a request."""
    return httpx.AsyncClient(verify=False, trust_env=False)


def quiet_port() -> int:
    """A loopback port that is free, and that the system gives to nobody who does not ask for it:
    a station that is started again finds it free again."""
    while True:
        port = random.randrange(16_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def pitlane(*arguments: str) -> list[str]:
    """The command line of this very environment."""
    return [sys.executable, "-P", "-m", "deploy.cli", *arguments]


async def status(url: str) -> int | None:
    """Of a GET; None when nobody answers."""
    try:
        async with _client() as client:
            return (await client.get(url, timeout=10)).status_code
    except httpx.HTTPError:
        return None
