"""Work that comes while other work of its kind is under way shares the next statement.

A busy gateway then pays for one round trip per batch, and an idle one does not wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence


class Coalesced[ItemT, EndT]:
    """``run`` takes all items that wait and answers how each ended, in their order; what it
    raises, all of them raise."""

    def __init__(self, run: Callable[[Sequence[ItemT]], Awaitable[Sequence[EndT]]]) -> None:
        self._run = run
        self._waiting: list[tuple[ItemT, asyncio.Future[EndT]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def submit(self, item: ItemT) -> EndT:
        ended: asyncio.Future[EndT] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, ended))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await ended

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            # Whoever waited may have gone meanwhile: then its future is done.
            try:
                ends = await self._run([item for item, _ in batch])
            except Exception as error:
                for _, ended in batch:
                    if not ended.done():
                        ended.set_exception(error)
                continue
            for (_, ended), end in zip(batch, ends, strict=True):
                if not ended.done():
                    ended.set_result(end)
