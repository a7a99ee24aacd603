"""Keeping a process alive: when it dies it is started again, each time after a longer pause."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from deploy.local.processes import CannotStart, Killed

FIRST_TRIES = 3
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
WELL_AFTER_S = 60.0
"""Who ran that long starts with the shortest pause again."""

type Say = Callable[..., None]


class Kept(Protocol):
    """Something that runs: a server, or a service."""

    async def start(self) -> None: ...
    async def wait(self) -> int: ...
    async def stop(self) -> None: ...


class Keeper:
    """Starts one thing, and starts it again whenever it ends without being asked to."""

    def __init__(
        self, name: str, kept: Kept, say: Say, *, on_start: Callable[[], None] = lambda: None
    ) -> None:
        """``say(level, event, **more)`` logs; ``on_start`` is told of every start."""
        self.name = name
        self.restarts = 0
        self._kept = kept
        self._say = say
        self._on_start = on_start
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """The first start. Raises ``CannotStart``: what cannot run is not tried again, unless it
        was killed."""
        await though_killed(self.name, self._kept.start, self._say)
        self._on_start()
        self._watch = asyncio.create_task(self._keep(), name=f"keep-{self.name}")

    async def stop(self) -> None:
        if self._watch:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await self._kept.stop()

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        pause_s = FIRST_PAUSE_S
        while True:
            started = loop.time()
            code = await self._kept.wait()
            if loop.time() - started > WELL_AFTER_S:
                pause_s = FIRST_PAUSE_S
            while True:
                self._say("error", "died", process=self.name, exit_code=code, again_in_s=pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
                try:
                    await self._kept.start()
                except (CannotStart, OSError) as error:  # a full disk is no reason to give up
                    self._say("error", "cannot_start", process=self.name, error=str(error))
                    continue
                break
            self.restarts += 1
            self._on_start()
            self._say("warning", "restarted", process=self.name, restarts=self.restarts)


async def though_killed[T](name: str, start: Callable[[], Awaitable[T]], say: Say) -> T:
    """What somebody kills before it has come to its end is started again, a few times. Raises
    ``Killed``, and whatever else ``start`` raises."""
    for _ in range(FIRST_TRIES - 1):
        try:
            return await start()
        except Killed as error:
            say("error", "cannot_start", process=name, error=str(error))
            await asyncio.sleep(FIRST_PAUSE_S)
    return await start()


async def all_of(*work: Awaitable[Any]) -> None:
    """Does everything at once. The first failure ends the others, and is raised as it is."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
