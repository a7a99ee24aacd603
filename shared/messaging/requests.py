"""Requests on their way in, and their replies on the way out: NATS request/reply by FastStream.

FastStream hands each message over and is through with it: the work is a task of our own, which
answers by itself. So FastStream needs no workers, and passes no answers on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import nats.errors
import structlog
from faststream import AckPolicy
from faststream.nats import NatsBroker, NatsMessage
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.messaging.client import STATUS_HEADER, refusal_body, room_of
from shared.messaging.connection import INBOXES
from shared.refusals import Refused

log = structlog.get_logger(__name__)

CONCURRENT = 256
"""Requests of one kind that are in work at once; more wait in the connection's buffer."""
_OK = {STATUS_HEADER: "ok", "content-type": "application/json"}
_REFUSED = {STATUS_HEADER: "refused", "content-type": "application/json"}

type Answer = Callable[[Msg], Awaitable[bytes]]
"""Gives the reply's JSON, or raises ``Refused``."""


class Requests:
    """What is addressed to one service by one kind of subject: ``cmd`` or ``ask``."""

    def __init__(self, broker: NatsBroker, service: str, kind: str, answer: Answer) -> None:
        """Heard when the broker starts."""
        self._addressed = f"{kind}.{service}."
        self._answer = answer
        # The lane keeps no answer that is too large; one that was kept by an older version, or with
        # a broker that let more pass, is of something that was done.
        self._too_large = "reply_untold" if kind == "cmd" else "reply_too_large"
        self._room = asyncio.Semaphore(CONCURRENT)
        self._in_work: set[asyncio.Task[None]] = set()
        self._connection: Client = broker.connection
        # Decoding is ours: a body that is not valid must be answered, not only logged.
        # There is nothing to acknowledge: FastStream need not look after it.
        self._subscriber = broker.subscriber(
            f"{self._addressed}>",
            queue=service,
            decoder=_as_it_came,
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
        )
        self._subscriber(self._take)

    async def stop(self) -> None:
        """Takes no more of them, and answers those that are in work."""
        await self._subscriber.stop()
        if self._in_work:
            await asyncio.wait(self._in_work)

    async def _take(self, message: NatsMessage) -> None:
        request = message.raw_message
        if not self._is_meant(request):
            log.error("request_misused", subject=request.subject, reply=request.reply)
            return
        await self._room.acquire()
        task = asyncio.create_task(self._respond(request))
        self._in_work.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._in_work.discard(task)
        self._room.release()

    def _is_meant(self, request: Msg) -> bool:
        """Whether somebody who may has sent this here. The broker delivers the answer to any
        request where its sender wants it: an event that was pulled, or our own words, under a
        name in which that sender may not speak. Such a message gets no answer."""
        return request.subject.startswith(self._addressed) and (
            not request.reply or request.reply.startswith(INBOXES)
        )

    async def _respond(self, request: Msg) -> None:
        try:
            reply, headers = await self._answer(request), _OK
        except Refused as refusal:
            reply, headers = refusal_body(refusal), _REFUSED
        except Exception:
            log.exception("request_failed", subject=request.subject)
            reply, headers = refusal_body(Refused("internal_error")), _REFUSED
        limit = room_of(self._connection)
        if len(reply) > limit:
            log.error("reply_too_large", subject=request.subject, bytes=len(reply), limit=limit)
            why = Refused(self._too_large, limit=round(limit / 1024**2))
            reply, headers = refusal_body(why), _REFUSED
        if request.reply:
            # Who is not told asks again.
            with contextlib.suppress(nats.errors.Error, OSError):
                await self._connection.publish(request.reply, reply, headers=headers)


async def _as_it_came(message: Any) -> Any:
    return message
