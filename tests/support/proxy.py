"""A line to a server that a test can cut and mend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qsl, urlsplit, urlunsplit


class Line:
    """Forwards a TCP port to PostgreSQL's socket, unless it is cut."""

    def __init__(self, socket_path: str) -> None:
        self._socket_path = socket_path
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_cut = True
        self._thaws = asyncio.Event()
        self.hides_ends = False
        """Whether nobody is told that the server has hung up: its last words are heard."""
        self.port = 0

    async def mend(self) -> None:
        self._is_cut = False
        self._thaws.set()
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Ends what is under way, and refuses whoever comes."""
        self._is_cut = True
        self._thaws.set()
        if self._server:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def freeze(self) -> None:
        """Nobody is answered, nor refused, until the line is cut."""
        self._thaws.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._thaws.wait()
        far_reader, far_writer = await asyncio.open_unix_connection(self._socket_path)
        self._writers |= {writer, far_writer}
        if self._is_cut:  # while it was being laid
            await self.cut()
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._thaws.wait()
                writer.write(data)
                await writer.drain()
        if not self.hides_ends:
            writer.close()


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[tuple[Line, str]]:
    """A line to the server of ``url``, and the URL that goes through it."""
    parts = urlsplit(url)
    where = dict(parse_qsl(parts.query))
    line = Line(f"{where['host']}/.s.PGSQL.{where.get('port', 5432)}")
    await line.mend()
    login = parts.netloc.rpartition("@")[0]
    try:
        yield line, urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{line.port}", query=""))
    finally:
        await line.cut()
