"""The outermost layer: whatever happens inside, every request gets an answer, a correlation id,
the security headers, one log line, and, where it was turned away here, an entry in the audit."""

from __future__ import annotations

import errno
from contextlib import AbstractContextManager, nullcontext, suppress
from time import perf_counter

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.call import Call, Presents
from services.gateway.crowd import MAX_IN_WORK, MAX_STREAMS, Crowd
from services.gateway.problems import problem, status_of
from shared.contracts.gateway import RequestRefused
from shared.logs import Seldom
from shared.messaging.client import UnreadableReply
from shared.messaging.outages import is_outage
from shared.refusals import Refused
from shared.telemetry import HTTP_SECONDS, span

log = structlog.get_logger(__name__)

_seldom = Seldom()

API_PREFIX = "/api/"
STREAM_PATH = "/api/v1/events"
CLIENT_GONE = 499
"""In logs and metrics: the client closed the connection before its request was whole."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

_WATCHED = ("/health/", "/metrics")
_QUIET = (*_WATCHED, "/static/")
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)
_OF_THE_API = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_OF_PAGES = (
    (
        b"content-security-policy",
        b"default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'",
    ),
)
_HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class Edge:
    """Pure ASGI middleware around the whole application. ``present``: how people are shown a no,
    also one that no page had the time to take upon itself."""

    def __init__(self, app: ASGIApp, present: Presents) -> None:
        self._app = app
        self._present = present
        self._in_work = Crowd(MAX_IN_WORK)
        self._listening = Crowd(MAX_STREAMS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        call = Call(scope, receive)
        if not call.path.startswith(API_PREFIX) and call.is_from_a_browser:
            call.presents = self._present
        status = CLIENT_GONE
        headers = _headers_beside(call)

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(header for header in headers if header[0] not in own),
                ]
            with call.waiting():
                await send(message)

        with span(
            f"HTTP {call.method}",
            call.traceparent,
            path=call.path,
            correlation_id=call.correlation_id,
        ) as call.traceparent:
            try:
                with self._crowd_of(call) as call.crowd:
                    try:
                        await self._app(scope, receive, send_with_headers)
                    finally:
                        call.crowd = None
            except ClientDisconnect:
                pass
            except Exception as error:
                if status != CLIENT_GONE:  # too late for another answer
                    log.exception("answer_interrupted", **_about(call))
                else:
                    response = await answer_failure(call, error)
                    await response(scope, receive, send_with_headers)
            finally:
                _tell(call, status, perf_counter() - started)

    def _crowd_of(self, call: Call) -> AbstractContextManager[Crowd | None]:
        """Whoever listens does so for hours, and costs little; a busy gateway is a healthy one."""
        if call.path.startswith(_WATCHED):
            return nullcontext()
        return self._listening if call.path == STREAM_PATH else self._in_work


async def answer_failure(call: Call, error: Exception) -> Response:
    """The problem that any exception comes to. Never tells what went wrong inside."""
    refusal = _refusal_of(call, error)
    call.code = refusal.code
    status = status_of(refusal)
    if _belongs_in_audit(call, status):
        # The answer matters more than its record: a database that is down must not hide it.
        with suppress(Exception):
            await call.gateway.journal.tell(
                RequestRefused(
                    request_id=call.correlation_id,
                    method=call.method,
                    path=call.path,
                    status=status,
                    code=refusal.code,
                    detail=refusal.words(),
                    order_id=call.order_id,
                ),
                call.envelope(RequestRefused.subject),
            )
    if call.presents:
        return await call.presents(call, refusal)
    return problem(
        refusal, path=call.path, correlation_id=call.correlation_id, language=call.language
    )


def _refusal_of(call: Call, error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    if isinstance(error, HTTPException):
        if error.status_code == 405:
            return Refused("method_not_allowed", allowed=(error.headers or {}).get("Allow", ""))
        if error.status_code == 404:
            return Refused("not_found")
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        _seldom(log.error, "gateway_disk_full", error=error, **_about(call))
        return Refused("disk_full")
    if is_outage(error):
        _seldom(log.warning, "gateway_database_down", error=error, **_about(call))
        return Refused("service_unavailable", service="gateway")
    if isinstance(error, UnreadableReply):
        log.error("reply_unreadable", exc_info=error, **_about(call))
        return Refused("service_unavailable", service=error.service)
    log.error("request_failed", exc_info=error, **_about(call))
    return Refused("internal_error")


def _belongs_in_audit(call: Call, status: int) -> bool:
    """Attempts to change something, and attempts at what one may not see. What is told to come
    back will, and whoever is busy writes no letters about it."""
    return (
        call.code != "busy"
        and not call.refused_by_service
        and (call.path.startswith(API_PREFIX) or call.presents is not None)
        and (call.changes_something or status == 403)
    )


def _headers_beside(call: Call) -> list[tuple[bytes, bytes]]:
    """Added to every answer that does not have them of its own."""
    headers = [(b"x-correlation-id", str(call.correlation_id).encode()), *_ALWAYS]
    headers += _OF_THE_API if call.path.startswith(API_PREFIX) else _OF_PAGES
    if call.secure:
        headers.append(_HTTPS_ONLY)
    return headers


def _tell(call: Call, status: int, seconds: float) -> None:
    """One log line and one measurement per request."""
    HTTP_SECONDS.labels(call.method, call.route, status).observe(seconds)
    if call.path.startswith(_QUIET):
        return
    log.info("request", status=status, ms=round(seconds * 1000, 2), **_about(call))


def _about(call: Call) -> dict[str, str]:
    about = {
        "method": call.method,
        "route": call.route,
        "path": call.path,
        "actor": call.actor.login,
        "correlation_id": str(call.correlation_id),
    }
    if call.order_id:
        about["order"] = str(call.order_id)
    if call.code:
        about["code"] = call.code
    return about
