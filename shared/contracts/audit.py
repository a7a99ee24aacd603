"""The journal of everything that happened: owned by ``services/audit``."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from pydantic import ConfigDict

from shared.contracts.base import Change, Cursor, Event, Instant, Limit, Name, Page, Question, View


class AnyEvent(Event):
    """Whatever was published: audit listens to all events, also those of newer services. The
    event's own fields are in ``model_extra``, as they stood in the JSON."""

    model_config = ConfigDict(frozen=True, extra="allow")
    subject: ClassVar[str] = "evt.>"


class AuditRecord(View):
    """Who did what, when, and old and new values; a link of the hash chain."""

    seq: int
    event_id: UUID
    event: str
    """The event's subject: ``evt.orders.order_created.v1``."""
    at: Instant
    actor: str
    actor_role: str | None
    station: str
    order_id: UUID | None
    correlation_id: UUID | None
    changes: tuple[Change, ...]
    body: dict[str, Any]
    hash: str
    actor_token: str | None = None
    """The name of the token, where a program acted for the actor."""


class FindRecords(Question[Page[AuditRecord]]):
    """Newest first."""

    subject: ClassVar[str] = "ask.audit.records.v1"

    order_id: UUID | None = None
    actor: Name | None = None
    event: Name | None = None
    about: UUID | None = None
    """Only what names this id; best with ``event``: it reads through all that is left to look at.
    """
    start: Instant | None = None
    end: Instant | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class TimelineEntry(View):
    """One event of an order, as the people who work on it may see it: without costs and pay."""

    event: str
    at: Instant
    actor: str
    actor_role: str | None
    changes: tuple[Change, ...]
    body: dict[str, Any]
    actor_token: str | None = None


class OrderTimeline(Question[Page[TimelineEntry]]):
    """Every event of the order, oldest first, or else the newest."""

    subject: ClassVar[str] = "ask.audit.order_timeline.v1"

    order_id: UUID
    newest_first: bool = False
    limit: Limit = 50
    cursor: Cursor | None = None


class ChainFault(View):
    seq: int
    event_id: UUID | None
    fault: str
    """``changed``, ``removed``, ``reordered``, ``truncated``."""


class ChainState(View):
    intact: bool
    """All of the chain was looked at, and nothing is wrong with it."""
    records: int
    """That were looked at, from the chain's beginning."""
    head: str
    """Of the last one of them."""
    anchored: int | None
    """The newest record whose hash is also kept outside the database."""
    faults: tuple[ChainFault, ...]
    """Of this stretch, the first hundred."""
    newest: int | None = None
    """The number of the newest record."""
    next: str | None = None
    """Where the next stretch begins; null: this was the last one."""


class VerifyChain(Question[ChainState]):
    """Recomputes the chain from its beginning, or from the cursor; names each fault. Of a long one
    a stretch: whoever asks for the next one goes on with it."""

    subject: ClassVar[str] = "ask.audit.verify.v1"

    cursor: Cursor | None = None
