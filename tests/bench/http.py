"""An HTTP client as light as can be, so that the load is the station's and not ours."""

from __future__ import annotations

import asyncio
from typing import Any, Self

import pydantic_core

from shared.ids import new_id

PREFIX = "/api/v1"


class HttpError(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status}: {body.decode(errors='replace')[:500]}")
        self.status = status
        self.body = body

    @property
    def code(self) -> str:
        return str(pydantic_core.from_json(self.body).get("code"))


class Http:
    """One connection, as one client of the station has: one request after the other."""

    def __init__(self, host: str, port: int, token: str | None = None) -> None:
        self._host = host
        self._port = port
        self._token = token
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._writer:
            self._writer.close()

    async def get(self, path: str) -> Any:
        return await self.send("GET", path)

    async def post(self, path: str, **fields: Any) -> Any:
        return await self.send("POST", path, fields)

    async def patch(self, path: str, **fields: Any) -> Any:
        return await self.send("PATCH", path, fields)

    async def send(
        self,
        method: str,
        path: str,
        fields: dict[str, Any] | None = None,
        *,
        key: str | None = None,
    ) -> Any:
        """The answer's JSON. Raises ``HttpError``."""
        body = b"" if fields is None else pydantic_core.to_json(fields)
        head = [f"{method} {PREFIX}{path} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        if self._token:
            head.append(f"Authorization: Bearer {self._token}")
        if fields is not None:
            head.append(f"Idempotency-Key: {key or new_id()}")
            head.append(f"Content-Type: application/json\r\nContent-Length: {len(body)}")
        status, answer = await self._exchange("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        if not 200 <= status < 300:
            raise HttpError(status, answer)
        return pydantic_core.from_json(answer) if answer else None

    async def is_ready(self) -> bool:
        head = f"GET /health/ready HTTP/1.1\r\nHost: {self._host}\r\n\r\n"
        status, _ = await self._exchange(head.encode())
        return status == 200

    async def _connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        # Not before there is something to say: who is silent at first is sent away.
        if self._writer is None:
            await self._connect()
        assert self._reader
        assert self._writer
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (x.partition(": ") for x in lines)}
        length = int(headers.get("content-length", "0"))
        body = await self._reader.readexactly(length) if length else b""
        if headers.get("connection") == "close":
            self._writer.close()
            await self._connect()
        return int(status_line.split()[1]), body


async def is_ready(host: str, port: int) -> bool:
    """Whether a station is there and calls itself ready."""
    try:
        async with Http(host, port) as http:
            return await http.is_ready()
    except (OSError, EOFError):
        return False
