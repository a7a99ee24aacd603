"""Items that come while a batch is under way share the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from services.gateway.coalescing import Coalesced


class Doubling:
    """Doubles numbers, a batch at a time, when it is let."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_go_on = asyncio.Event()

    async def run(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        await self.may_go_on.wait()
        if 13 in items:
            raise ValueError("unlucky")
        return [2 * item for item in items]


async def test_the_first_goes_alone_and_whoever_comes_meanwhile_together() -> None:
    doubling = Doubling()
    coalesced = Coalesced(doubling.run)
    first = asyncio.create_task(coalesced.submit(1))
    while not doubling.batches:
        await asyncio.sleep(0)
    others = [asyncio.create_task(coalesced.submit(number)) for number in (2, 3, 4)]
    await asyncio.sleep(0)
    doubling.may_go_on.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8]
    assert doubling.batches == [[1], [2, 3, 4]]
    assert await coalesced.submit(5) == 10


async def test_a_batch_that_fails_fails_for_each_and_not_for_the_next() -> None:
    doubling = Doubling()
    doubling.may_go_on.set()
    coalesced = Coalesced(doubling.run)
    ends = await asyncio.gather(
        *(coalesced.submit(number) for number in (12, 13)), return_exceptions=True
    )
    assert [type(end) for end in ends] == [ValueError, ValueError]
    with pytest.raises(ValueError, match="unlucky"):
        await coalesced.submit(13)
    assert await coalesced.submit(14) == 28


async def test_somebody_who_does_not_wait_any_longer_harms_nobody() -> None:
    doubling = Doubling()
    coalesced = Coalesced(doubling.run)
    gone, stays = (asyncio.create_task(coalesced.submit(number)) for number in (1, 2))
    while not doubling.batches:
        await asyncio.sleep(0)
    gone.cancel()
    doubling.may_go_on.set()
    assert await stays == 4
    assert gone.cancelled() or gone.cancelling()
