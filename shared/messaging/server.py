"""What a service answers: commands through the lane, questions at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog
from faststream.nats import NatsBroker
from nats.aio.msg import Msg
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.base import Message
from shared.database import PATIENCE_S
from shared.handlers import Handlers, Route, Store, Work
from shared.messaging.client import ServiceClient
from shared.messaging.envelope import Envelope
from shared.messaging.jobs import Job
from shared.messaging.lane import Lane
from shared.messaging.outages import is_outage
from shared.messaging.requests import Requests
from shared.operations import Operation, Operations
from shared.permissions import may, scope_of, within
from shared.refusals import Refused
from shared.settings import ServiceSettings
from shared.telemetry import count_handled, handling

log = structlog.get_logger(__name__)

REPORTS = 4
"""That are reckoned at once: of the connections for questions, half are left to short ones."""


class Server:
    """Answers what is addressed to one service."""

    def __init__(
        self,
        settings: ServiceSettings,
        engine: AsyncEngine,
        handlers: Handlers[Store],
        client: ServiceClient,
        lane: Lane,
        operations: Operations,
    ) -> None:
        """``engine``: for questions, and for nothing else."""
        self._operations = operations.by_subject
        self._settings = settings
        self._engine = engine
        self._handlers = handlers
        self._client = client
        self._lane = lane
        self._reports = asyncio.Semaphore(REPORTS)

    def register(self, broker: NatsBroker) -> None:
        """One subscription for all commands and one for all questions of the service."""
        self._requests = [
            Requests(broker, self._settings.service, kind, answer)
            for kind, answer in (("cmd", self._command), ("ask", self._question))
        ]

    async def stop(self) -> None:
        """Takes no more requests; those that are in work are answered."""
        await asyncio.gather(*(each.stop() for each in self._requests))

    async def _command(self, request: Msg) -> bytes:
        route, envelope = self._open(request, self._handlers.commands)
        if isinstance(route, Operation):
            return await _operate(route, envelope, request.data)
        job = Job(route, _parse(route, request.data), envelope, request.data)  # type: ignore[arg-type]
        return await self._lane.submit(job)

    async def _question(self, request: Msg) -> bytes:
        route, envelope = self._open(request, self._handlers.questions)
        if isinstance(route, Operation):
            return await _operate(route, envelope, request.data)
        return await self._answer(route, envelope, request.data)

    async def _answer(self, route: Route, envelope: Envelope, body: bytes) -> bytes:
        question = _parse(route, body)
        work = Work(envelope, datetime.now(UTC), self._settings, self._client)
        try:
            with handling(envelope) as work.envelope:
                async with self._turn(route), self._handlers.reading(self._engine) as store:
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

    @asynccontextmanager
    async def _turn(self, route: Route) -> AsyncIterator[None]:
        """Raises ``TimeoutError``, as the engine does for want of a connection."""
        if not route.report:
            yield
            return
        async with asyncio.timeout(PATIENCE_S):
            await self._reports.acquire()
        try:
            yield
        finally:
            self._reports.release()

    def _open(self, request: Msg, routes: dict[str, Route]) -> tuple[Route | Operation, Envelope]:
        """The route by the message's own subject, if its sender may use it."""
        route = routes.get(request.subject) or self._operations.get(request.subject)
        if route is None:
            raise Refused("not_found")
        try:
            envelope = Envelope.from_headers(request.headers or {})
        except (KeyError, ValueError) as error:
            raise Refused("request_invalid", errors=f"headers: {error}") from error
        if envelope.type != request.subject:
            raise Refused("request_invalid", errors="ce-type is not the subject")
        if envelope.station != self._settings.station:
            raise Refused("station_forbidden", station=self._settings.station)
        if not may(envelope.actor.role, route.message_type):
            raise Refused("forbidden")
        if not within(envelope.actor.scopes, route.message_type):
            raise Refused("scope_missing", scope=scope_of(route.message_type) or "—")
        return route, envelope


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
