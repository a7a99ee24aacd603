"""What travels beside a message's body: CloudEvents 1.0 attributes and who is behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote
from uuid import UUID

from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person by sign-in, a program with a person's token, or ``system``."""

    login: str
    role: str | None = None
    user_id: UUID | None = None
    token: str | None = None
    """The name of the program's token."""
    scopes: frozenset[str] | None = None
    """What the program may do of what the role may; null: all of it."""


SYSTEM = Actor("system")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Attributes of one message.

    ``correlation_id`` is the same for everything that one request set in motion;
    ``causation_id`` names the message that directly led to this one.
    """

    id: UUID
    type: str
    source: str
    time: datetime
    actor: Actor
    correlation_id: UUID
    causation_id: UUID | None = None
    subject: UUID | None = None
    order_id: UUID | None = None
    idempotency_key: str | None = None
    traceparent: str | None = None

    def headers(self) -> dict[str, str]:
        """As NATS headers (CloudEvents binary mode); absent attributes are left out."""
        # A login may be Cyrillic, and header values must be ASCII.
        optional = {
            "actorrole": self.actor.role,
            "actorid": self.actor.user_id,
            "actortoken": None if self.actor.token is None else quote(self.actor.token),
            "actorscopes": None
            if self.actor.scopes is None
            else " ".join(sorted(self.actor.scopes)),
            "causationid": self.causation_id,
            "ce-subject": self.subject,
            "orderid": self.order_id,
            "idempotency-key": self.idempotency_key,
            "traceparent": self.traceparent,
        }
        return {
            "ce-specversion": "1.0",
            "ce-id": str(self.id),
            "ce-type": self.type,
            "ce-source": self.source,
            "ce-time": self.time.isoformat(),
            "content-type": "application/json",
            "correlationid": str(self.correlation_id),
            "actor": quote(self.actor.login),
            **{name: str(value) for name, value in optional.items() if value is not None},
        }

    @property
    def station(self) -> str:
        """From the source, ``/<station>/<service>``."""
        return self.source.split("/")[1] if self.source.count("/") >= 2 else ""

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Envelope:
        """Raises ``ValueError`` (or ``KeyError``) for anything that is not one of our messages."""
        return cls(
            id=UUID(headers["ce-id"]),
            type=headers["ce-type"],
            source=headers["ce-source"],
            time=datetime.fromisoformat(headers["ce-time"]),
            actor=_actor(headers),
            correlation_id=UUID(headers["correlationid"]),
            causation_id=_id(headers, "causationid"),
            subject=_id(headers, "ce-subject"),
            order_id=_id(headers, "orderid"),
            idempotency_key=headers.get("idempotency-key"),
            traceparent=headers.get("traceparent"),
        )


def opening(source: str, message_type: str, actor: Actor, **attributes: object) -> Envelope:
    """The envelope of a message that nothing in the system led to: a person's request."""
    message_id = new_id()
    return Envelope(
        id=message_id,
        type=message_type,
        source=source,
        time=datetime.now(UTC),
        actor=actor,
        correlation_id=attributes.pop("correlation_id", None) or message_id,  # type: ignore[arg-type]
        **attributes,  # type: ignore[arg-type]
    )


def _actor(headers: Mapping[str, str]) -> Actor:
    token, scopes = headers.get("actortoken"), headers.get("actorscopes")
    return Actor(
        unquote(headers["actor"]),
        headers.get("actorrole"),
        _id(headers, "actorid"),
        None if token is None else unquote(token),
        None if scopes is None else frozenset(scopes.split()),
    )


def _id(headers: Mapping[str, str], name: str) -> UUID | None:
    value = headers.get(name)
    return UUID(value) if value else None
