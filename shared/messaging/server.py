"""Commands and questions on their way in: served by FastStream over NATS request/reply."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import structlog
from faststream import AckPolicy
from faststream.nats import NatsBroker, NatsMessage, NatsResponse
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.base import Message
from shared.handlers import Handlers, Route, Store, Work
from shared.messaging.client import STATUS_HEADER, ServiceClient, refusal_body
from shared.messaging.connection import INBOXES
from shared.messaging.envelope import Envelope
from shared.messaging.lane import Job, Lane, is_outage, reading
from shared.operations import Operation, Operations
from shared.permissions import may, scope_of, within
from shared.refusals import Refused
from shared.settings import ServiceSettings
from shared.telemetry import count_handled, handling

log = structlog.get_logger(__name__)

CONCURRENT = 256
"""Requests of one process that are in work at once; more wait in the connection's buffer."""
_OK = {STATUS_HEADER: "ok", "content-type": "application/json"}
_REFUSED = {STATUS_HEADER: "refused", "content-type": "application/json"}


class Server:
    """Answers what is addressed to one service: commands through the lane, questions at once."""

    def __init__(
        self,
        settings: ServiceSettings,
        engine: AsyncEngine,
        handlers: Handlers[Store],
        client: ServiceClient,
        lane: Lane,
        operations: Operations,
    ) -> None:
        self._operations = operations.by_subject
        self._settings = settings
        self._engine = engine
        self._handlers = handlers
        self._client = client
        self._lane = lane

    def register(self, broker: NatsBroker) -> None:
        """One subscription for all commands and one for all questions of the service."""
        service = self._settings.service
        for pattern, answer in (
            (f"cmd.{service}.>", self._command),
            (f"ask.{service}.>", self._question),
        ):
            # Decoding is ours: a body that is not valid must be answered, not only logged.
            # There is nothing to acknowledge: FastStream need not look after it.
            broker.subscriber(
                pattern,
                queue=service,
                max_workers=CONCURRENT,
                decoder=_as_it_came,
                ack_policy=AckPolicy.MANUAL,
            )(answer, filter=self._is_request)

    async def _is_request(self, message: NatsMessage) -> bool:
        """Whether somebody who may has sent this here. The broker delivers the answer to any
        request where its sender wants it: an event that was pulled, or our own words, under a
        name in which that sender may not speak. Such a message gets no answer."""
        raw = message.raw_message
        kind, _, rest = raw.subject.partition(".")
        is_request = (
            kind in {"cmd", "ask"}
            and rest.startswith(f"{self._settings.service}.")
            and (not raw.reply or raw.reply.startswith(INBOXES))
        )
        if not is_request:
            log.error("request_misused", subject=raw.subject, reply=raw.reply)
        return is_request

    async def _command(self, message: NatsMessage) -> NatsResponse:
        try:
            route, envelope, body = self._open(message, self._handlers.commands)
            if isinstance(route, Operation):
                reply = await _operate(route, envelope, body)
            else:
                job = Job(route, _parse(route, body), envelope, body)  # type: ignore[arg-type]
                reply = await self._lane.submit(job)
            return NatsResponse(reply, headers=_OK)
        except Refused as refusal:
            return NatsResponse(refusal_body(refusal), headers=_REFUSED)

    async def _question(self, message: NatsMessage) -> NatsResponse:
        try:
            route, envelope, body = self._open(message, self._handlers.questions)
            if isinstance(route, Operation):
                reply = await _operate(route, envelope, body)
            else:
                reply = await self._answer(route, envelope, body)
            return NatsResponse(reply, headers=_OK)
        except Refused as refusal:
            return NatsResponse(refusal_body(refusal), headers=_REFUSED)

    async def _answer(self, route: Route, envelope: Envelope, body: bytes) -> bytes:
        question = _parse(route, body)
        work = Work(envelope, datetime.now(UTC), self._settings, self._client)
        try:
            with handling(envelope) as work.envelope:
                async with reading(self._engine, self._handlers) as store:
                    view = await route.handler(question, store, work)
        except Refused:
            count_handled(envelope.type, "refused")
            raise
        except Exception as error:
            count_handled(envelope.type, "failed")
            if is_outage(error):
                raise Refused("service_unavailable", service=self._settings.service) from error
            log.exception("question_failed", question=envelope.type)
            raise Refused("internal_error") from error
        count_handled(envelope.type, "handled")
        reply: bytes = view.model_dump_json().encode()
        return reply

    def _open(
        self, message: NatsMessage, routes: dict[str, Route]
    ) -> tuple[Route | Operation, Envelope, bytes]:
        """The route by the message's own subject, if its sender may use it."""
        raw = message.raw_message
        route = routes.get(raw.subject) or self._operations.get(raw.subject)
        if route is None:
            raise Refused("not_found")
        try:
            envelope = Envelope.from_headers(raw.headers or {})
        except (KeyError, ValueError) as error:
            raise Refused("request_invalid", errors=f"headers: {error}") from error
        if envelope.type != raw.subject:
            raise Refused("request_invalid", errors="ce-type is not the subject")
        if envelope.station != self._settings.station:
            raise Refused("station_forbidden", station=self._settings.station)
        if not may(envelope.actor.role, route.message_type):
            raise Refused("forbidden")
        if not within(envelope.actor.scopes, route.message_type):
            raise Refused("scope_missing", scope=scope_of(route.message_type) or "—")
        return route, envelope, raw.data


async def _operate(operation: Operation, envelope: Envelope, body: bytes) -> bytes:
    view = await operation.answer(_parse(operation, body), envelope)
    return view.model_dump_json().encode()


def _parse(route: Route | Operation, body: bytes) -> Message:
    try:
        return route.message_type.model_validate_json(body)
    except ValidationError as error:
        raise Refused("request_invalid", errors=error_list(error)) from error


def error_list(error: ValidationError) -> str:
    """Each error as ``field: what is wrong``, without echoing what was sent."""
    return "; ".join(
        f"{'.'.join(map(str, item['loc'])) or 'body'}: {item['msg']}"
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    )


async def _as_it_came(message: Any) -> Any:
    return message
