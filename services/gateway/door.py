"""uvicorn's HTTP protocol, with patience that ends.

Whoever sends a request's head a byte at a time, never ends a body that nobody reads, or never
takes what is answered, costs a connection for some seconds and not for ever. When there are as
many connections as there may be, the one that has been silent for longest goes: those who have
something to say come in.
"""

from __future__ import annotations

import asyncio
import resource
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.gateway.problems import problem, status_of
from shared.ids import new_id
from shared.refusals import Refused

MAX_CONNECTIONS = 1_000
MAX_HEAD_BYTES = 32 * 1024
"""Of the address and all headers together."""
HEAD_WITHIN_S = 20.0
REST_WITHIN_S = 10.0
"""For the rest of a body whose request is answered already."""
TAKEN_WITHIN_S = 30.0
"""Something of an answer must have been taken in the meantime."""
_FILES_BESIDE = 512


class Door(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._refused = False
        self._head_bytes = 0
        self._head_begun = False
        self._body_open = False
        self._patience: asyncio.TimerHandle | None = None
        self._untaken = 0
        self._taking: asyncio.TimerHandle | None = None
        self.silent_since: float | None = self.loop.time()
        """Since when nothing is done for it; null while something is."""
        self._wait(HEAD_WITHIN_S)
        if len(self.connections) > MAX_CONNECTIONS:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        self._stop_watching()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        # A head that is not whole yet may already be too long.
        if self._head_bytes >= 0 and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse("head_too_large", limit=MAX_HEAD_BYTES)
            elif self._head_begun and not self._patience:
                self._wait(HEAD_WITHIN_S)

    # --- what the parser tells ----------------------------------------------------------------

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        # Its patience begins only if it is not whole at once, as nearly every head is.
        self._head_begun = True
        self._wait(None)

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > MAX_HEAD_BYTES:
            self._refuse("head_too_large", limit=MAX_HEAD_BYTES)
            return
        self._head_bytes = -1
        self._head_begun = False
        self._body_open = True
        self.silent_since = None
        self._wait(None)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._body_open = False
        if self.silent_since is not None:
            self._wait(None)
        if not self._refused:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        self.silent_since = None if self.pipeline else self.loop.time()
        if self._body_open:
            self._wait(REST_WITHIN_S)
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse("request_unreadable")

    # --- what the transport tells -------------------------------------------------------------

    def pause_writing(self) -> None:
        super().pause_writing()
        self._untaken = self.transport.get_write_buffer_size()
        self._taking = self.loop.call_later(TAKEN_WITHIN_S, self._is_it_taken)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_watching()

    def _is_it_taken(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left >= self._untaken:
            self.transport.abort()
            return
        self._untaken = left
        self._taking = self.loop.call_later(TAKEN_WITHIN_S, self._is_it_taken)

    def _stop_watching(self) -> None:
        if self._taking:
            self._taking.cancel()
            self._taking = None

    # --- an end -------------------------------------------------------------------------------

    def _wait(self, seconds: float | None) -> None:
        """From now on, for whatever is to come next."""
        if self._patience:
            self._patience.cancel()
        self._patience = seconds and self.loop.call_later(seconds, self.transport.abort)  # type: ignore[assignment]

    def _make_room(self) -> None:
        silent = [one for one in self.connections if getattr(one, "silent_since", None) is not None]
        oldest = min(silent, key=lambda one: one.silent_since)  # type: ignore[union-attr]
        if oldest is self:
            # Something is done for all the others.
            self._refuse("busy", service="gateway")
        else:
            self.connections.discard(oldest)
            oldest.transport.abort()

    def _refuse(self, code: str, **params: object) -> None:
        """Says so, and hangs up."""
        if self._refused:
            return
        self._refused = True
        self._wait(None)
        refusal = Refused(code, **params)
        answer = problem(refusal, path="", correlation_id=new_id(), language="en")
        status = HTTPStatus(status_of(refusal))
        body = bytes(answer.body)
        head = [f"HTTP/1.1 {status.value} {status.phrase}", "connection: close"]
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        self.transport.write("\r\n".join([*head, "", ""]).encode() + body)
        self.transport.close()


def allow_connections() -> None:
    """Lets this process have as many open files as its connections need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + _FILES_BESIDE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
