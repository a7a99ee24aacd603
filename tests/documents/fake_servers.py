"""Providers' servers on loopback, which answer as their documentation says, or as a test does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Request:
    """What a client has sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Reply:
    """``body``: JSON, or bytes as they are. ``delay_s`` lets the client give up first; without
    ``answers`` the connection is closed instead."""

    body: Any = None
    status: int = 200
    delay_s: float = 0
    answers: bool = True


@dataclass
class FakeHttp:
    """Answers the replies that a test has put down, then the last one again and again."""

    port: int = 0
    replies: list[Reply] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def will(self, *replies: Reply) -> None:
        self.replies = list(replies)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append(await _request(reader))
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
            await asyncio.sleep(reply.delay_s)
            if reply.answers:
                body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body)
                content = body if isinstance(body, bytes) else body.encode()
                writer.write(
                    f"HTTP/1.1 {reply.status} X\r\nContent-Length: {len(content)}\r\n"
                    "Location: http://127.0.0.1/\r\nConnection: close\r\n\r\n".encode()
                    + content
                )
                await writer.drain()
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> Request:
    method, target, _ = (await reader.readline()).decode().split(" ", 2)
    headers: dict[str, str] = {}
    while line := (await reader.readline()).decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, target, headers, body)


@asynccontextmanager
async def fake_http() -> AsyncIterator[FakeHttp]:
    fake = FakeHttp()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()


# --- a mail server -----------------------------------------------------------------------------


@dataclass
class FakeSmtp:
    """Says what a test wants at each command (``MAIL``, ``RCPT``, ``DATA``, and ``.`` for the end
    of the letter); null: hangs up there."""

    port: int = 0
    says: dict[str, str | None] = field(default_factory=dict)
    letters: list[bytes] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 fake\r\n")
        try:
            while line := (await reader.readline()).decode().strip():
                verb = line.split(" ")[0].split(":")[0].upper()
                self.heard.append(line)
                said = self.says.get(verb, _USUAL.get(verb, "250 ok"))
                if said is None:
                    return
                writer.write(f"{said}\r\n".encode())
                if verb == "QUIT":
                    return
                if verb == "DATA" and said.startswith("354"):
                    letter = await reader.readuntil(b"\r\n.\r\n")
                    said = self.says.get(".", "250 taken")
                    if said is None:
                        return
                    if said.startswith("250"):
                        self.letters.append(letter)
                    writer.write(f"{said}\r\n".encode())
        finally:
            writer.close()


_USUAL = {"DATA": "354 go on", "QUIT": "221 bye"}


@asynccontextmanager
async def fake_smtp() -> AsyncIterator[FakeSmtp]:
    fake = FakeSmtp()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
