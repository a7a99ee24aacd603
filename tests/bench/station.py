"""A real station of its own: ``pitlane up`` in a folder, with durable settings as they come."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import nats
from nats.aio.client import Client

from deploy.local.postgres import SUPERUSER
from shared.ids import new_id
from shared.messaging.connection import NatsAddress
from tests.bench import processes
from tests.bench.http import Http, is_ready
from tests.support.runner import Runner

START_TIMEOUT_S = 120.0
LOOK_EVERY_S = 0.02
SETTLE_S = 3.0
"""After a start, until what every start does is done, or has begun."""
HOST = "127.0.0.1"
COMPARED_WITHIN_S = 600
COMPARING = ("stream_compared", "stream_not_rebuilt", "stream_whole")
_ONE_TIME_PASSWORD = re.compile(r"one-time password\s+(\S+)")


class BenchStation:
    """Stopped and started again on the same data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runner = Runner(folder)
        self._token: str | None = None
        self.start_s = 0.0
        """How long the last start took until the station called itself ready."""

    async def start(self) -> None:
        began = time.monotonic()
        await self._runner.begin()
        while not await is_ready(HOST, self._runner.port):
            if not self._runner.is_running or time.monotonic() - began > START_TIMEOUT_S:
                raise RuntimeError(f"the station does not start:\n{self._runner.output()}")
            await asyncio.sleep(LOOK_EVERY_S)
        self.start_s = time.monotonic() - began

    async def stop(self) -> None:
        await self._runner.stop(signal.SIGINT)

    async def sign_in(self) -> None:
        """As the first administrator, who chooses a password as every first one must."""
        password = await self._one_time_password()
        async with Http(HOST, self._runner.port) as http:
            token = (await http.post("/session", login="admin", password=password))["token"]
        async with Http(HOST, self._runner.port, token) as http:
            await http.post("/session/password", old=password, new=str(new_id()))
        self._token = token

    @property
    def token(self) -> str:
        """The administrator's."""
        assert self._token
        return self._token

    @property
    def origin(self) -> str:
        """Where its pages are."""
        return f"http://{HOST}:{self._runner.port}"

    def http(self) -> Http:
        """A connection of the administrator's."""
        return Http(HOST, self._runner.port, self._token)

    @asynccontextmanager
    async def clients(self, count: int) -> AsyncIterator[list[Http]]:
        async with AsyncExitStack() as stack:
            yield [await stack.enter_async_context(self.http()) for _ in range(count)]

    @asynccontextmanager
    async def broker(self, user: str = "gateway") -> AsyncIterator[Client]:
        """NATS as one of the services sees it; the gateway may send commands, and hears events as
        they pass."""
        url = self.told["nats"]["urls"]["ops"].replace("ops.nk", f"{user}.nk")
        connection = await nats.connect(**NatsAddress.of(url).options(user))
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[asyncpg.Connection]:
        """One service's database, as that service."""
        connection = await asyncpg.connect(self.told["databases"][service]["url"])
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def as_superuser(self, service: str) -> AsyncIterator[asyncpg.Connection]:
        """One service's database, as who may do anything there."""
        url = urlsplit(self.told["databases"][service]["url"])
        login = f"{SUPERUSER}:{quote(self._secret('database:superuser'))}"
        address = url.netloc.rpartition("@")[2]
        connection = await asyncpg.connect(urlunsplit(url._replace(netloc=f"{login}@{address}")))
        try:
            yield connection
        finally:
            await connection.close()

    def _secret(self, name: str) -> str:
        secrets: dict[str, str] = json.loads((self._folder / "secrets.json").read_text())
        return secrets[name]

    @property
    def told(self) -> dict[str, Any]:
        """What the running station tells of itself."""
        return self._runner.told()

    async def compared(self) -> None:
        """Waits for what follows every start: the stream is compared with the outboxes."""
        await asyncio.sleep(SETTLE_S)
        async with asyncio.timeout(COMPARED_WITHIN_S):
            while not self._has_compared():
                await asyncio.sleep(0.2)

    def _has_compared(self) -> bool:
        """Whether the comparison that was begun last has ended."""
        lines = (self._folder / "logs" / "supervisor.jsonl").read_text().splitlines()
        told = [event for line in lines if (event := json.loads(line)["event"]) in COMPARING]
        return told[-1:] == [COMPARING[-1]]

    def cpu_by_part(self) -> dict[str, float]:
        """CPU seconds so far of everything that the station consists of; a server's with its
        sessions."""
        told, now = self.told, processes.Snapshot()
        pids = {name: each["pid"] for name, each in told["services"].items()}
        parts = {
            "gateway": now.cpu_s(pids.pop("gateway")),
            "services": sum(map(now.cpu_s, pids.values())),
            "PostgreSQL": now.cpu_s(told["postgres"]["pid"]),
            "NATS": now.cpu_s(told["nats"]["pid"]),
        }
        return {**parts, "supervisor": now.cpu_s(told["pid"]) - sum(parts.values())}

    def memory_mb(self) -> float:
        return processes.memory_mb(self.told["pid"])

    async def __aenter__(self) -> Self:
        try:
            await self.start()
            await self.sign_in()
        except BaseException:
            await self._runner.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner.is_running:
            await self.stop()
        await self._runner.close()

    async def _one_time_password(self) -> str:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not (found := _ONE_TIME_PASSWORD.search(self._runner.output())):
            if time.monotonic() > deadline:
                raise RuntimeError("the station told no password")
            await asyncio.sleep(LOOK_EVERY_S)
        return found[1]
