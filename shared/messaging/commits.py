"""Whoever works on what the lane has written waits for its next commit, and misses none."""

from __future__ import annotations

import asyncio
import contextlib


class Commits:
    """Counted. A waiter says which it has seen; those that came while it worked wake it at once."""

    def __init__(self) -> None:
        self.count = 0
        self._next = asyncio.Event()

    def tell(self) -> None:
        self.count += 1
        self._next.set()
        self._next = asyncio.Event()

    async def after(self, seen: int, within_s: float) -> None:
        """Until there are more than ``seen``, or the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.count <= seen:
                    await self._next.wait()
