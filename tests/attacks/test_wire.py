"""What strangers do below HTTP, to the real server: slow, endless, huge and ambiguous requests."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pydantic_core
import pytest

from services.gateway import call, door
from services.gateway.problems import MEDIA_TYPE
from tests.gateway.support import Streams, TestGateway, served
from tests.support.waiting import eventually

HEAD = b"HTTP/1.1\r\nHost: station.test\r\n"
SOON_S = 60.0
FOR_EVER_S = 3600.0

type Connect = Callable[[], Awaitable[Streams]]


@pytest.fixture
async def connect(gateway: TestGateway, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connect]:
    # What ends soon does not end because it was silent for long, unless the test says so.
    for module, name in (
        (door, "HEAD_WITHIN_S"),
        (door, "REST_WITHIN_S"),
        (door, "TAKEN_WITHIN_S"),
        (call, "BODY_WITHIN_S"),
    ):
        monkeypatch.setattr(module, name, FOR_EVER_S)
    async with served(gateway) as (host, port), AsyncExitStack() as stack:

        async def connect() -> Streams:
            # Little is buffered at our end, so that it shows when we take nothing.
            end = socket.socket()
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            end.setblocking(False)
            await asyncio.get_running_loop().sock_connect(end, (host, port))
            reader, writer = await asyncio.open_connection(sock=end, limit=4096)
            stack.callback(writer.close)
            return reader, writer

        yield connect


async def answers(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the other end hangs up, which it has to do soon."""
    said = b""
    async with asyncio.timeout(SOON_S):
        while True:
            try:
                part = await reader.read(65536)
            except ConnectionError:
                return said
            if not part:
                return said
            said += part


async def lives(connect: Connect) -> bool:
    reader, writer = await connect()
    writer.write(b"GET /health/live " + HEAD + b"Connection: close\r\n\r\n")
    return (await answers(reader)).startswith(b"HTTP/1.1 200")


def problem_in(said: bytes) -> tuple[int, str]:
    head, _, body = said.partition(b"\r\n\r\n")
    assert f"content-type: {MEDIA_TYPE}".encode() in head.lower(), said[:500]
    return int(head.split()[1]), pydantic_core.from_json(body)["code"]


# --- slow ---------------------------------------------------------------------------------------


async def test_a_head_that_does_not_end_is_not_waited_for(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "HEAD_WITHIN_S", 0.3)
    for begun in (b"", b"GET", b"GET / " + HEAD, b"GET / " + HEAD + b"X-A: b"):
        reader, writer = await connect()
        writer.write(begun)
        assert await answers(reader) == b""
    # Nor for a second one on a connection that has had an answer. The first has time to come.
    monkeypatch.setattr(door, "HEAD_WITHIN_S", 2.0)
    reader, writer = await connect()
    writer.write(b"GET /health/live " + HEAD + b"\r\nGET /health/live HT")
    assert (await answers(reader)).count(b"HTTP/1.1 200") == 1


async def test_a_head_that_comes_byte_by_byte_is_not_waited_for(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "HEAD_WITHIN_S", 0.3)
    reader, writer = await connect()
    ended = asyncio.create_task(answers(reader))
    while not ended.done():
        writer.write(b"G" if not ended.done() else b"")
        await asyncio.sleep(0.01)
    assert b"200" not in await ended


async def test_a_body_that_does_not_come_is_not_waited_for(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call, "BODY_WITHIN_S", 0.3)
    monkeypatch.setattr(door, "REST_WITHIN_S", 0.3)
    reader, writer = await connect()
    writer.write(b"POST /api/v1/session " + HEAD + b'Content-Length: 100\r\n\r\n{"login')
    assert problem_in(await answers(reader)) == (408, "body_too_slow")


async def test_a_body_that_nobody_reads_does_not_go_on_for_ever(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "REST_WITHIN_S", 0.3)
    reader, writer = await connect()
    writer.write(b"POST /api/v1/nothing " + HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    ended = asyncio.create_task(answers(reader))
    while not ended.done():
        writer.write(b"4\r\nbody\r\n")
        await asyncio.sleep(0.01)
    assert (await ended).startswith(b"HTTP/1.1 404")


async def test_an_answer_that_nobody_takes_is_not_kept(
    connect: Connect, gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "TAKEN_WITHIN_S", 0.2)
    # The first of all makes the document, which takes its time.
    assert (await gateway.anyone.get("/openapi.json")).status_code == 200
    reader, writer = await connect()
    # More than the system buffers on its own.
    writer.write((b"GET /openapi.json " + HEAD + b"\r\n") * 12)
    async with asyncio.timeout(SOON_S):
        with pytest.raises(ConnectionError):
            await _until_cut_off(writer)
    assert len(await answers(reader)) < 12 * 500_000
    assert await lives(connect)


async def _until_cut_off(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def test_those_who_are_silent_give_way_to_those_who_ask(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MAX_CONNECTIONS", 20)
    silent = [await connect() for _ in range(60)]
    for _, writer in silent[-20:]:
        writer.write(b"GET /health/live " + HEAD)
    assert await lives(connect)

    async def oldest_have_gone() -> bool:
        return all(reader.at_eof() or reader.exception() for reader, _ in silent[:40])

    await eventually(oldest_have_gone)


# --- enormous -----------------------------------------------------------------------------------


HEADS = {
    "a long header": b"GET / " + HEAD + b"X-A: " + b"a" * 40_000 + b"\r\n\r\n",
    "many headers": b"GET / " + HEAD + b"X-A: b\r\n" * 5_000 + b"\r\n",
    "a long address": b"GET /?" + b"q" * 40_000 + b" " + HEAD + b"\r\n",
    "an endless header": b"GET / " + HEAD + b"X-A: " + b"a" * 5_000_000,
    "endless names": b"GET / " + HEAD + (b"x" * 9_000 + b": b\r\n") * 500,
}


async def test_a_head_of_any_size_is_refused_at_32_kilobytes(connect: Connect) -> None:
    for what, head in HEADS.items():
        reader, writer = await connect()
        writer.write(head)
        assert problem_in(await answers(reader)) == (431, "head_too_large"), what


# --- ambiguous ----------------------------------------------------------------------------------

SMUGGLED = b"GET /health/live " + HEAD + b"\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(SMUGGLED)


AMBIGUOUS = (
    LENGTH + b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\n" + LENGTH,
    b"Content-Length: 0\r\n" + LENGTH,
    LENGTH + b"Content-Length: 0\r\n",
    b"Content-Length: 0, 42\r\n",
    b"Content-Length: +0\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: 0x0\r\n",
    b"Content-Length : 0\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n",
    b"X-A: b\nTransfer-Encoding: chunked\r\n",
    b"X-A: b\r\n Transfer-Encoding: chunked\r\n" + LENGTH + b"Content-Length: 0\r\n",
    b"X-A: b\x00c\r\nContent-Length: 0, 0\r\n",
    b"Content-Length: 99999999999999999999999\r\n",
)


async def test_no_request_hides_in_another(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two servers in a row must never disagree where a request ends: what is not plain is refused,
    and the connection is closed."""
    monkeypatch.setattr(call, "BODY_WITHIN_S", 0.3)
    monkeypatch.setattr(door, "REST_WITHIN_S", 0.3)
    for lines in AMBIGUOUS:
        reader, writer = await connect()
        writer.write(b"POST /api/v1/session " + HEAD + lines + b"\r\n" + SMUGGLED)
        said = await answers(reader)
        assert len(re.findall(rb"HTTP/1\.1 \d{3}", said)) <= 1, (lines, said)
        assert b"HTTP/1.1 200" not in said, (lines, said)


async def test_what_is_no_http_is_told_so_as_a_problem(connect: Connect) -> None:
    for rubbish in (
        b"\x16\x03\x01\x02\x00\x01",
        b"GET /\xd1\x8f " + HEAD + b"\r\n",
        b"hello\r\n\r\n",
    ):
        reader, writer = await connect()
        writer.write(rubbish)
        assert problem_in(await answers(reader)) == (400, "request_unreadable")
    assert await lives(connect)
