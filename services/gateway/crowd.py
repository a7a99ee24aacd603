"""How much is in work at once. Beyond it people are told to come back at once: a queue that only
grows makes everybody wait, and nobody is served the sooner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shared.refusals import Refused

MAX_IN_WORK = 256
"""Requests that something is done for: what a station answers in a second or two. Services have
queues of their own, and none of them can then become longer than this."""
MAX_STREAMS = 400
"""Screens that listen for changes; one window per browser does."""


class Crowd:
    """Counts those inside."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.inside = 0

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Raises ``busy``."""
        if self.inside >= self._most:
            raise Refused("busy", service="gateway")
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    @contextmanager
    def outside(self) -> Iterator[None]:
        """While one waits for whoever sent the request, others may take the place."""
        self.inside -= 1
        try:
            yield
        finally:
            self.inside += 1
