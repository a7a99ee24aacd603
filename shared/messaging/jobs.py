"""One command or event on its way through a service, and how it ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog

from shared.contracts.base import Command, Event
from shared.handlers import Answers, Route, Unasked
from shared.messaging import inbox
from shared.messaging.envelope import Envelope
from shared.messaging.inbox import Duplicate
from shared.refusals import Refused
from shared.telemetry import count_handled, log_context

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Job:
    """One command or event, and the future that tells how it ended.

    The future holds a command's reply as JSON (an event's is empty), or raises ``Refused``,
    ``Duplicate``, or whatever went wrong.
    """

    route: Route
    message: Command[object] | Event
    envelope: Envelope
    body: bytes
    answers: Answers = field(default_factory=dict)
    """What others said before the transaction."""
    ended: asyncio.Future[bytes] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def is_event(self) -> bool:
        return isinstance(self.message, Event)

    @property
    def fingerprint(self) -> bytes:
        return inbox.fingerprint(self.route.message_type.subject, self.body)  # type: ignore[attr-defined]

    def end(self, end: bytes | Exception) -> None:
        if self.ended.done():  # whoever waited has gone
            return
        if isinstance(end, Exception):
            self.ended.set_exception(end)
        else:
            self.ended.set_result(end)


def tell(job: Job, end: bytes | Exception) -> None:
    """One log line and one count per message, after its commit."""
    match end:
        case Unasked():
            return
        case Duplicate():
            outcome = "duplicate"
        case Refused():
            outcome = "refused"
        case Exception():
            outcome = "failed"
        case _:
            outcome = "handled"
    count_handled(job.envelope.type, outcome)
    details = {"code": end.code, "detail": end.words()} if isinstance(end, Refused) else {}
    if number := getattr(job.message, "number", None):
        details["number"] = number
    log.info(outcome, **log_context(job.envelope), **details)
