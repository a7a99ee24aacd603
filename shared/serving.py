"""HTTP, served by uvicorn until the process is told to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import formatdate
from types import FrameType
from typing import Any

import uvicorn
import uvicorn.server
from starlette.types import ASGIApp

from shared.stopping import CALLERS_S

OPTIONS: dict[str, Any] = {
    "loop": "uvloop",
    # What it says goes through our logs; the edge writes the line per request.
    "log_config": None,
    "access_log": False,
    "timeout_graceful_shutdown": CALLERS_S,
}
"""uvicorn's, the same for every process."""


def serve(
    app: ASGIApp,
    host: str,
    port: int,
    options: Mapping[str, Any] = OPTIONS,
    *,
    listening: socket.socket | None = None,
) -> None:
    """Returns after SIGTERM or SIGINT, when the application has ended. Exits with a failure where
    it does not start. ``listening`` is served instead of ``host`` and ``port``."""
    # uvicorn raises the signal that stopped it once more, which would end us before the traces
    # are flushed.
    signal.signal(signal.SIGTERM, lambda *_: None)
    server = Server(uvicorn.Config(app, host=host, port=port, **options))
    with suppress(KeyboardInterrupt):
        server.run([listening] if listening else None)
    if not server.started:
        sys.exit(1)


class _State(uvicorn.server.ServerState):
    """The header with the date is made when an answer needs one, at most once a second."""

    def __init__(self) -> None:
        self._of = 0
        super().__init__()

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        if (now := int(time.time())) != self._of:
            date = formatdate(now, usegmt=True).encode()
            self._of, self._dated = now, [(b"date", date), *self._others]
        return self._dated

    @default_headers.setter
    def default_headers(self, others: list[tuple[bytes, bytes]]) -> None:
        self._of, self._others = 0, others


class Server(uvicorn.Server):
    """Told to stop, it does so at once, and until then it sleeps. uvicorn's own looks ten times a
    second whether it was told, and what date it is: seven processes that do nothing else then take
    a fiftieth of a core."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.server_state = _State()
        self._told = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if self._loop:
            self._loop.call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.server_state.default_headers = self.config.encoded_headers
        if not self.should_exit:
            await self._told.wait()
