"""A fresh nats-server for a test, which the test may kill, stop and start again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from deploy import topology
from deploy.commands.topology import requests
from deploy.local.nats import Nats

PASSWORDS = {user: f"{user}-password" for user in topology.USERS}


class TestNats:
    """A nats-server with production's users and permissions."""

    __test__ = False

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.folder = folder
        """Of the test: what else a station keeps may lie there."""
        self.log: list[str] = []
        """What the server said, for tests that look for a refusal."""
        self.server = Nats(
            folder / "nats",
            folder / "nats-run",
            PASSWORDS,
            lambda line: self.log.append(line.decode(errors="replace")),
            requests=requests(),
            durable=durable,
        )

    def url(self, user: str) -> str:
        """The URL of a service, ``gateway``, ``ops`` or ``bootstrap``; it carries the password."""
        return self.server.url(user)

    async def start(self) -> None:
        """Also after ``stop`` and ``kill``: on the same port, with the same store."""
        await self.server.start()

    async def stop(self) -> None:
        await self.server.stop()

    async def kill(self) -> None:
        """As a power cut would end it."""
        await self.server.kill()

    async def apply_topology(self, consumers: Mapping[str, Sequence[str]] | None = None) -> None:
        """Streams, and the durable consumers of ``consumers``: service → subjects it hears."""
        await topology.apply(self.url(topology.BOOTSTRAP), consumers or {})


@asynccontextmanager
async def running_nats(folder: Path, *, durable: bool = False) -> AsyncIterator[TestNats]:
    server = TestNats(folder, durable=durable)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()
