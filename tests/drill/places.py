"""Bits that flip in the file of a consumer's place: whatever its service is not given then, is
noticed.

Every bit is flipped once, and the service asks for all that it is owed, and acknowledges it.
"""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from nats.js import JetStreamContext

from deploy import topology
from deploy.local.stream_watch import floor_of
from deploy.progress import Progress
from tests.drill.flips import SUBJECT, a_store, jetstream_of
from tests.support.broker import running_nats

PLACED = "orders"
EVENTS = 20
DELIVERED = 12
LEFT = (9, 11, 12)
"""Delivered and not acknowledged, when the server was killed."""
OWED = {*LEFT, *range(DELIVERED + 1, EVENTS + 1)}
ACK_WAIT_S = 1
NOTED_AFTER_S = 3.0
"""By then the server has written what it was told."""
QUIET_S = 4.0
"""Whoever was given nothing for so long is given nothing more."""
AT_ONCE = 6
"""Servers that are waited for together."""


@dataclass
class Places:
    """What came of each bit."""

    harmless: int = 0
    """Everything owed was given, and more maybe: where the place cannot be true, all."""
    found: int = 0
    """What was not given counts as acknowledged at once: the comparison after the start, with what
    was handled, finds it."""
    found_later: int = 0
    """It does when the rest is acknowledged: a later comparison finds it."""
    owed: int = 0
    """It is owed for ever: the consumer is made anew."""
    undetected: int = 0


async def flip_places(folder: Path, progress: Progress) -> Places:
    """All bits of the file."""
    pristine = folder / "placed"
    first = await _a_place(pristine)
    bits = 8 * _file(pristine).stat().st_size
    came = Places()
    topology.ACK_WAIT_S = ACK_WAIT_S
    progress.begin("flipped bits of a place", bits)
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(bit: int) -> None:
        async with turns:
            spoilt = folder / f"placed-{bit}"
            shutil.copytree(pristine, spoilt)
            content = bytearray(_file(spoilt).read_bytes())
            content[bit // 8] ^= 1 << bit % 8
            _file(spoilt).write_bytes(content)
            outcome = await _outcome(spoilt, first)
            setattr(came, outcome, getattr(came, outcome) + 1)
            if outcome == "undetected":
                print(f"bit {bit} of a consumer's place {content.hex()}: {outcome}")
            shutil.rmtree(spoilt)
            progress.advance(sum(vars(came).values()))

    async with asyncio.TaskGroup() as group:
        for bit in range(bits):
            group.create_task(one(bit))
    progress.end(f"{came}")
    return came


def _file(store: Path) -> Path:
    (place,) = store.glob(f"nats/jetstream/*/streams/EVENTS/obs/{PLACED}/o.dat")
    return place


async def _a_place(folder: Path) -> int:
    """A consumer in the middle of its work; the sequence of the stream's first event."""
    await a_store(folder, EVENTS)
    async with running_nats(folder) as server, jetstream_of(server, PLACED) as js:
        reader = await js.pull_subscribe_bind(PLACED, "EVENTS")
        messages = await reader.fetch(DELIVERED, timeout=5)
        first = messages[0].metadata.sequence.stream
        for message in messages:
            if message.metadata.sequence.stream - first + 1 not in LEFT:
                await message.ack_sync()
        await asyncio.sleep(NOTED_AFTER_S)
        await server.kill()
    return first


async def _outcome(store: Path, first: int) -> str:
    async with running_nats(store) as server:
        # As every start of a station does: a consumer that was thrown away is made anew.
        await server.apply_topology({PLACED: [SUBJECT]})
        async with jetstream_of(server) as watch, jetstream_of(server, PLACED) as js:
            at_start = await watch.consumer_info("EVENTS", PLACED)
            given = await _given(js, first)
            info = await watch.consumer_info("EVENTS", PLACED)
    lost = OWED - given
    if not lost:
        return "harmless"
    if all(first + number - 1 <= floor_of(at_start) for number in lost):
        return "found"
    if all(first + number - 1 <= floor_of(info) for number in lost):
        return "found_later"
    return "owed" if info.num_ack_pending else "undetected"


async def _given(js: JetStreamContext, first: int) -> set[int]:
    """What the service is given until there is no more, by its number in the stream."""
    reader = await js.pull_subscribe_bind(PLACED, "EVENTS")
    given: set[int] = set()
    while not given >= OWED:
        try:
            messages = await reader.fetch(EVENTS, timeout=QUIET_S)
        except TimeoutError:
            break
        for message in messages:
            given.add(message.metadata.sequence.stream - first + 1)
            await message.ack_sync()
    return given
