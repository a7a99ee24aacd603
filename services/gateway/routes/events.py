"""What changed, as it happens: for screens that are open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import nats.errors
import pydantic_core
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.gateway.api import Area, Endpoint
from services.gateway.call import Call
from services.gateway.changes import Change, Changes
from services.gateway.person import Person
from services.gateway.seats import BACK_AFTER_S, MOST_OF_ONE, Seat
from shared.contracts.base import View

EVENT_STREAM = "text/event-stream"
HEARTBEAT_S = 15.0
"""A comment is sent so often, so that proxies keep the line and we see who has gone."""
RETRY_MS = 2000
SHUTDOWN_GRACE_S = 2.0
SEND_TIMEOUT_S = 30
"""A screen that takes nothing for so long is gone."""


class ChangeView(View):
    """``topic``: ``order``, ``client``, ``vehicle``, ``stock`` and ``product`` (the id is the
    product's), ``payment``, ``expense``, ``reference``, ``import`` (a file has come a step
    further), ``load`` (the id is the booking's, or of what the calendar says), ``job`` (long work
    of the one who listens is further) and ``operation`` (that of the station's machines); or
    ``refresh`` without an id: too much has changed to be told one by one."""

    topic: str
    id: str | None


async def changes(call: Call, _: Endpoint) -> Response:
    asked = call.query(frozenset({"after"}))
    person = await call.allowed(None)
    # What a browser heard last counts more than the address with which it began.
    after = call.header(b"last-event-id") or asked.get("after")
    return _Listening(call, after, person)


class _Listening(Response):
    """The stream has its place from its first byte to its last, whatever ends it."""

    def __init__(self, call: Call, after: str | None, person: Person) -> None:
        super().__init__()
        self._call = call
        self._after = after
        self._user_id = person.user_id
        self._sign_in = person.token or str(person.session_id)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises ``too_many_screens``, before anything is sent."""
        with self._call.gateway.seats.taken(self._user_id, self._sign_in) as seat:
            stream = EventSourceResponse(
                _stream(self._call, self._after, self._user_id, seat),
                ping=HEARTBEAT_S,
                ping_message_factory=_heartbeat,
                send_timeout=SEND_TIMEOUT_S,
                shutdown_event=seat.over,
                shutdown_grace_period=SHUTDOWN_GRACE_S,
            )
            await stream(scope, receive, send)


async def _stream(
    call: Call, after: str | None, user_id: UUID, seat: Seat
) -> AsyncIterator[ServerSentEvent]:
    """Until the client goes, its session ends, its place is wanted, or the gateway stops."""
    hub = call.gateway.changes
    token, _ = call.token()
    try:
        screen = await hub.open(after, user_id)
    except (nats.errors.Error, TimeoutError):
        yield ServerSentEvent(comment="later", retry=RETRY_MS)
        return
    stopping = asyncio.create_task(seat.over.wait(), name="events-over")
    stopping.add_done_callback(lambda _: screen.wake())
    try:
        yield ServerSentEvent(comment="open", retry=RETRY_MS)
        while token and await call.gateway.sessions.person_of(token):
            for change in await screen.take(HEARTBEAT_S):
                yield _told(change, hub)
            hub.notice_gap()
            if seat.over.is_set():
                break
        if seat.given_up:
            # What it misses until then it is told when it is back.
            yield ServerSentEvent(comment="newer screens of yours", retry=BACK_AFTER_S * 1000)
    finally:
        stopping.cancel()
        hub.close(screen)


def _told(change: Change, hub: Changes) -> ServerSentEvent:
    number, (topic, about) = change
    data = pydantic_core.to_json({"topic": topic, "id": about or None}).decode()
    return ServerSentEvent(data=data, id=hub.called(number))


def _heartbeat() -> ServerSentEvent:
    return ServerSentEvent(comment="")


AREA = Area(
    "events",
    "What changed, as it happens",
    (
        Endpoint(
            method="GET",
            path="/events",
            summary="Server-sent events: what changed",
            description=(
                'An endless `text/event-stream`. Each event\'s data is `{"topic", "id"}` and '
                "never more: whoever may see the thing asks for it. A comment comes every fifteen "
                "seconds. Each event has an id: who asks with it as `Last-Event-ID`, or as `after` "
                "in the address, is told what was missed since, or to refresh. Of one user the "
                f"newest {MOST_OF_ONE} streams stay: an older one ends with a comment and a "
                "`retry` of a minute."
            ),
            answer=changes,
            reply=ChangeView,
            media_types=(EVENT_STREAM,),
        ),
    ),
)
