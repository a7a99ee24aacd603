"""Asking another service, and being told its answer or its refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import nats.errors
import pydantic_core
from nats.aio.client import Client
from pydantic import TypeAdapter, ValidationError

from shared.contracts.base import Command, Question, reply_type
from shared.contracts.operations import addressed_to
from shared.ids import new_id
from shared.messaging.answers import Answers
from shared.messaging.envelope import Actor, Envelope
from shared.refusals import REASONS, Refused

STATUS_HEADER = "pitlane-status"
"""Of a reply: ``ok`` (the body is the view) or ``refused`` (the body is code and params)."""
HEADER_ROOM = 4096
"""Bytes of an event's headers, at most: names and ids. A reply's are few."""
SERVICE_ROLE = "service"
"""The role in which a service asks another one, on nobody's behalf but the station's."""


type Asked = Command[Any] | Question[Any]


class UnreadableReply(Exception):
    """A service has answered with something else than its contract says: it is another version, or
    wrong. Nothing is wrong with what it was asked."""

    def __init__(self, message_type: type[Asked], service: str) -> None:
        super().__init__(message_type.__name__)
        self.service = service


class ServiceClient:
    """Sends commands and questions over NATS request/reply."""

    def __init__(self, connection: Client, source: str, timeout_s: float = 10.0) -> None:
        self.connection = connection
        self._answers = Answers(connection)
        self._source = source
        self._timeout_s = timeout_s

    @property
    def room(self) -> int:
        """Bytes that may be said at once: see ``room_of``."""
        return room_of(self.connection)

    async def send[ReplyT](self, command: Command[ReplyT], envelope: Envelope) -> ReplyT:
        """Sends a command. Raises ``Refused``: the service's own, or ``service_unavailable``;
        after the latter the same command with the same key is safe to send again. Raises
        ``UnreadableReply`` too."""
        body = command.model_dump_json(exclude_unset=True).encode()
        reply = await self.request(type(command).subject, body, envelope)
        answer: ReplyT = read_reply(type(command), reply)
        return answer

    async def ask[ReplyT](
        self,
        question: Question[ReplyT],
        *,
        caused_by: Envelope | None = None,
        actor: Actor | None = None,
        of: str = "",
    ) -> ReplyT:
        """Asks a question; on behalf of ``actor``, or of the asking service itself; ``of`` names
        the service where any could be asked. Raises as ``send`` does."""
        body = question.model_dump_json(exclude_unset=True).encode()
        subject = addressed_to(type(question), of)
        envelope = self._asking(subject, caused_by, actor)
        reply = await self.request(subject, body, envelope)
        answer: ReplyT = read_reply(type(question), reply, of)
        return answer

    async def request(self, subject: str, body: bytes, envelope: Envelope) -> bytes:
        """The reply's JSON as it came. Raises ``Refused`` as ``send`` does."""
        service = subject.split(".")[1]
        try:
            reply = await self._answers.to((subject, body, envelope.headers()), self._timeout_s)
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise Refused("service_unavailable", service=service) from error
        if (reply.headers or {}).get(STATUS_HEADER) == "ok":
            return reply.data
        raise refusal_from(reply.data)

    def _asking(self, subject: str, cause: Envelope | None, actor: Actor | None) -> Envelope:
        message_id = new_id()
        asking = Envelope(
            id=message_id,
            type=subject,
            source=self._source,
            time=datetime.now(UTC),
            actor=actor or Actor(self._source.rsplit("/", 1)[-1], SERVICE_ROLE),
            correlation_id=message_id,
        )
        if cause is None:
            return asking
        return replace(
            asking,
            correlation_id=cause.correlation_id,
            causation_id=cause.id,
            order_id=cause.order_id,
            traceparent=cause.traceparent,
        )


def room_of(connection: Client) -> int:
    """Bytes that the body of a message may have. The server counts headers with it, and ends the
    connection of whoever says too much."""
    return connection.max_payload - HEADER_ROOM


def refusal_body(refusal: Refused) -> bytes:
    return pydantic_core.to_json({"code": refusal.code, "params": refusal.params})


def refusal_from(body: bytes) -> Refused:
    said: dict[str, Any] = pydantic_core.from_json(body)
    if said["code"] not in REASONS:  # a newer service than we are
        return Refused("internal_error")
    return Refused(said["code"], **said["params"])


def read_reply(message_type: type[Asked], reply: bytes, of: str = "") -> Any:
    """What a command or question of this type was answered with; ``of`` names the service where it
    could go to any. Raises ``UnreadableReply``."""
    try:
        return reply_adapter(message_type).validate_json(reply)
    except ValidationError as error:
        raise UnreadableReply(message_type, of or message_type.subject.split(".")[1]) from error


@cache
def reply_adapter(message_type: type) -> TypeAdapter[Any]:
    """Reads what a command or question of this type is answered with."""
    return TypeAdapter(reply_type(message_type))
