"""What may stand in the file of a consumer's place, and what cannot."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy import topology
from deploy.commands.reach import nats_connection
from deploy.local.consumer_places import HEADER, LATER_S, is_credible
from shared.messaging.retries import RETRY_DELAYS_S
from tests.support.broker import running_nats
from tests.support.waiting import eventually

NOW = 1_790_000_000
FIRST = NOW * 1000 - 5_000
"""Of the stream."""
SUBJECT = "evt.orders.placed.v1"


def signed(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def place(*numbers: int) -> bytes:
    """As the server writes it."""
    written = bytearray(HEADER)
    for number in numbers:
        while number >= 0x80:
            written.append(number & 0x7F | 0x80)
            number >>= 7
        written.append(number)
    return bytes(written)


BEGUN = (0, 0, 0, 0, 0, 0)
QUIET = (12, FIRST + 40, 12, FIRST + 40, 0, 0)
PENDING = ((1, 1, signed(3)), (4, 4, signed(0)), (3, 3, signed(-int(max(RETRY_DELAYS_S)))))
"""Number, count and age of each; one was put off."""


def busy(
    acknowledged: tuple[int, int] = (8, FIRST),
    delivered: tuple[int, int] = (12, FIRST + 4),
    noted: int = NOW,
    pending: Sequence[tuple[int, int, int]] = PENDING,
    redelivered: Sequence[tuple[int, int]] = ((3, 2),),
) -> tuple[int, ...]:
    each = (number for one in pending for number in one)
    again = (number for one in redelivered for number in one)
    return (
        *acknowledged,
        *delivered,
        len(pending),
        *((signed(noted), *each) if pending else ()),
        len(redelivered),
        *again,
    )


@pytest.mark.parametrize("numbers", [BEGUN, QUIET, busy(), busy(redelivered=())])
def test_what_a_server_writes_is_believed(numbers: tuple[int, ...]) -> None:
    assert is_credible(place(*numbers), NOW)


@pytest.mark.parametrize(
    "numbers",
    [
        busy(acknowledged=(13, FIRST)),
        busy(acknowledged=(8, FIRST + 5)),
        busy(delivered=(12, FIRST + 2**27 + 1)),
        busy(delivered=(10, FIRST + 4)),
        busy(noted=NOW + LATER_S + 10),
        busy(pending=((0, 1, 0),)),
        busy(pending=((5, 1, 0),)),
        busy(pending=((2, 1, 0), (2, 2, 0))),
        busy(pending=((1, 1, signed(-LATER_S - 10)),)),
        busy(redelivered=((3, 0),)),
        (*busy(), 0),
        (8, FIRST, 12, FIRST + 4, 2**40),
    ],
    ids=str,
)
def test_what_cannot_be_true_is_not(numbers: tuple[int, ...]) -> None:
    assert not is_credible(place(*numbers), NOW)


def test_what_breaks_off_is_not_believed() -> None:
    whole = place(*busy())
    for length in range(len(HEADER), len(whole)):
        assert not is_credible(whole[:length], NOW)
    assert not is_credible(whole[:-1] + b"\x80", NOW)


def test_what_another_server_writes_is_left_to_it() -> None:
    for content in (b"", HEADER[:1], bytes((22, 3, 255))):
        assert is_credible(content, NOW)


async def test_place_that_a_real_server_wrote_is_believed(tmp_path: Path) -> None:
    """With events acknowledged out of their order, put off, and delivered once more."""
    async with running_nats(tmp_path) as server:
        await server.apply_topology({"orders": [SUBJECT]})
        connection = await nats_connection(server.url(topology.BOOTSTRAP), topology.BOOTSTRAP)
        for _ in range(8):
            await connection.jetstream().publish(SUBJECT, b"")
        await connection.close()
        connection = await nats_connection(server.url("orders"), "orders")
        reader = await connection.jetstream().pull_subscribe_bind("orders", "EVENTS")
        first, second, third, *others = await reader.fetch(8)
        for message in (second, *others):
            await message.ack_sync()
        await first.nak(delay=max(RETRY_DELAYS_S))
        await third.nak()
        (again,) = await reader.fetch(1)
        assert again.metadata.num_delivered == 2
        (file,) = server.server.folder.glob("jetstream/*/streams/EVENTS/obs/orders/o.dat")

        async def tells_of_both() -> bool:
            numbers = numbers_in(file.read_bytes())
            return numbers[4:5] == [2] and numbers[-3:-2] == [1]

        await eventually(tells_of_both)
        await connection.close()
        await server.kill()
        assert is_credible(file.read_bytes(), time.time())


def numbers_in(content: bytes) -> list[int]:
    numbers, number, shift = [], 0, 0
    for byte in content[len(HEADER) :]:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(number)
            number = shift = 0
    return numbers
