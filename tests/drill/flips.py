"""Bits that flip in the broker's store: what the server then gives is true, or known to be lost."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import nats
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from deploy.commands.event_replay import InStream, read_stream
from deploy.commands.reach import nats_connection
from deploy.local.processes import CannotStart
from deploy.progress import Progress
from deploy.topology import BOOTSTRAP
from shared.ids import new_id
from shared.messaging.sums import is_whole, with_sum
from tests.support.broker import TestNats, running_nats

EVENTS = 2_000
SUBJECT = "evt.orders.drilled.v1"


@dataclass
class Flips:
    """What came of so many flipped bits."""

    harmless: int = 0
    """Everything was still there, byte by byte."""
    found: int = 0
    """Something was lost, and the comparison with the outboxes knew what."""
    refused: int = 0
    """The server, or the comparison, said that it cannot go on."""
    undetected: int = 0
    """Something else than what was published was given out as if it were that."""


async def flip(folder: Path, count: int, seed: int, progress: Progress) -> Flips:
    """Each bit in a store of its own, after a clean stop as after a kill."""
    pristine = folder / "pristine"
    published = await a_store(pristine, EVENTS)
    chance = random.Random(seed)
    flips = Flips()
    progress.begin("flipped bits", count)
    for number in range(count):
        spoilt = folder / "spoilt"
        shutil.rmtree(spoilt, ignore_errors=True)
        shutil.copytree(pristine, spoilt)
        what = _flip_one(spoilt, chance)
        outcome = await _outcome(spoilt, published)
        setattr(flips, outcome, getattr(flips, outcome) + 1)
        if outcome in ("undetected", "refused"):
            print(f"flip {number} of seed {seed} in {what}: {outcome}")
        progress.advance(number + 1)
    progress.end(f"{flips}")
    return flips


async def a_store(folder: Path, events: int) -> Mapping[UUID, bytes]:
    """A stream as a station leaves it; what was published into it."""
    published = {new_id(): random.Random(number).randbytes(400) for number in range(events)}
    async with running_nats(folder) as server:
        await server.apply_topology({"orders": [SUBJECT]})
        async with jetstream_of(server) as js:
            for start in range(0, events, 500):
                part = list(published.items())[start : start + 500]
                await asyncio.gather(
                    *(js.publish(SUBJECT, body, headers=_headers(one, body)) for one, body in part)
                )
        await server.kill()
    return published


def _headers(one: UUID, body: bytes) -> dict[str, Any]:
    return {**with_sum(SUBJECT, {"ce-id": str(one)}, body)}


@asynccontextmanager
async def jetstream_of(
    server: TestNats, user: str = BOOTSTRAP
) -> AsyncIterator[nats.js.JetStreamContext]:
    connection = await nats_connection(server.url(user), user)
    try:
        yield connection.jetstream(timeout=10)
    finally:
        await connection.close()


def _flip_one(store: Path, chance: random.Random) -> str:
    files = sorted(path for path in store.rglob("*") if path.is_file() and path.stat().st_size)
    files = [path for path in files if "EVENTS" in path.parts]
    # By size: a byte is a byte, wherever it lies.
    (file,) = chance.choices(files, [path.stat().st_size for path in files])
    content = bytearray(file.read_bytes())
    place = chance.randrange(len(content))
    content[place] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    return f"{file.relative_to(store)} at {place}"


async def _outcome(store: Path, published: Mapping[UUID, bytes]) -> str:
    try:
        async with running_nats(store) as server:
            connection = await nats_connection(server.url(BOOTSTRAP), BOOTSTRAP)
            try:
                known = await read_stream(connection) or InStream()
                given = await _given(connection)
            finally:
                await connection.close()
    except (CannotStart, TimeoutError, nats.errors.Error):
        return "refused"
    if any(published.get(one) != body for one, body in given.items()):
        return "undetected"
    # What the comparison believes to be there must be there.
    if set(known.ids) - given.keys():
        return "undetected"
    return "harmless" if len(known.ids) == len(published) else "found"


async def _given(connection: Client) -> dict[UUID, bytes]:
    """What a consumer that begins anew is given."""
    js = connection.jetstream(timeout=10)
    try:
        await js.add_consumer("EVENTS", name="rebuild", ack_policy="none", mem_storage=True)
    except NotFoundError:
        return {}
    reader = await js.pull_subscribe_bind("rebuild", "EVENTS")
    given: dict[UUID, bytes] = {}
    while (await reader.consumer_info()).num_pending:
        try:
            messages = await reader.fetch(1000, timeout=10)
        except TimeoutError:
            # The server still counts those that it skips because it cannot read them any more.
            if (await reader.consumer_info()).num_pending:
                raise
            break
        given |= {
            UUID(headers["ce-id"]): message.data
            for message in messages
            # What a consumer of ours would not handle is not given.
            if is_whole(message.subject, headers := message.headers or {}, message.data)
        }
    await js.delete_consumer("EVENTS", "rebuild")
    return given
