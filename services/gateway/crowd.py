"""How much is in work at once. Beyond it people are told to come back at once: a queue that only
grows makes everybody wait, and nobody is served the sooner."""

from __future__ import annotations

from typing import Self

from shared.refusals import Refused

MAX_IN_WORK = 256
"""Requests that something is done for: what a station answers in a second or two. Services have
queues of their own, and none of them can then become longer than this."""
MAX_STREAMS = 400
"""Screens that listen for changes; one window per browser does."""


class Crowd:
    """Counts those inside: ``with crowd:`` is to be one of them. Raises ``busy`` when it is full.

    Every request comes by here several times, so these are no generators.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.inside = 0
        self.outside = Outside(self)

    def __enter__(self) -> Self:
        if self.inside >= self._most:
            raise Refused("busy", service="gateway")
        self.inside += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.inside -= 1


class Outside:
    """While one waits for whoever sent the request, others may take the place."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd

    def __enter__(self) -> None:
        self._crowd.inside -= 1

    def __exit__(self, *_: object) -> None:
        self._crowd.inside += 1
