"""Commands that were refused, as the audit is told of them: attempts are part of it too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from shared.contracts.base import CommandRefused, Message
from shared.handlers import Handlers, Store
from shared.messaging import outbox
from shared.messaging.envelope import Envelope
from shared.messaging.outbox import Outgoing
from shared.refusals import Refused

MAX_CHARS = 4_000
"""Of one field of what was tried: all that a person types."""


class Attempts:
    """Of one service."""

    def __init__(self, handlers: Handlers[Store], source: str) -> None:
        self._event_type = handlers.refused
        self._source = source

    def refused(self, command: Message, envelope: Envelope, refusal: Refused) -> list[Outgoing]:
        """The event of a refusal; none from a service that tells of none."""
        if self._event_type is None:
            return []
        event: CommandRefused = self._event_type(
            command_id=envelope.id,
            command=envelope.type,
            code=refusal.code,
            detail=refusal.words(),
            order_id=getattr(command, "order_id", None),
            attempt=_told(command),
        )
        return [outbox.outgoing(event, envelope, self._source, datetime.now(UTC))]


def _told(command: Message) -> dict[str, Any]:
    """What was tried, without its secrets; of a picture or a long text, its beginning."""
    secrets = set(command.secret_fields)
    fields = command.model_dump(mode="json", exclude_unset=True, exclude=secrets)
    return {
        name: f"{value[:MAX_CHARS]}…"
        if isinstance(value, str) and len(value) > MAX_CHARS
        else value
        for name, value in fields.items()
    }
