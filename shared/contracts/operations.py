"""What operators ask of any service. The subject names the service: see ``addressed_to``."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from shared.contracts.base import Command, Done, Event, Instant, Page, Question, View


class DeadLetterView(View):
    """An event that a consumer could not handle, kept with its reason until someone decides."""

    event_id: UUID
    subject: str
    order_id: UUID | None
    reason: str
    attempts: int
    first_failed_at: Instant
    last_failed_at: Instant
    body: dict[str, Any] | str
    headers: dict[str, str]


class ListDeadLetters(Question[Page[DeadLetterView]]):
    """Oldest first."""

    subject: ClassVar[str] = "ask.{service}.dead_letters.v1"


class RequeueDeadLetter(Command[Done]):
    """Handles the event once more, now. Refused: ``dead_letter_not_found``, ``dead_letter_decided``
    (somebody else was quicker), ``still_failing`` (with the reason; it stays)."""

    subject: ClassVar[str] = "cmd.{service}.requeue_dead_letter.v1"

    event_id: UUID


class DropDeadLetter(Command[Done]):
    """Gives the event up for good; the audit keeps who did so. Refused:
    ``dead_letter_not_found``."""

    subject: ClassVar[str] = "cmd.{service}.drop_dead_letter.v1"

    event_id: UUID


class DeadLetterDecided(Event):
    """An operator requeued or dropped a dead letter. Producer: every service. Consumer: audit."""

    subject: ClassVar[str] = "evt.{service}.dead_letter_decided.v1"

    event_id: UUID
    event: str
    decision: Literal["requeued", "dropped"]
    reason: str
    """Why it was parked."""
    order_id: UUID | None = None

    def aggregate_id(self) -> UUID:
        return self.event_id


class StationRestored(Event):
    """The station was made anew of a backup: what came after that instant is gone. Producer:
    audit (written by ``pitlane restore``). Consumer: audit."""

    subject: ClassVar[str] = "evt.audit.station_restored.v1"

    restore_id: UUID
    backup: str
    backup_cut_at: Instant
    restored_to: Instant | None
    """When the last was committed that is there; null where nothing was since the backup began."""
    audit_records: int
    audit_head: str
    """Where the journal ended, as it came out of the backup."""

    def aggregate_id(self) -> UUID:
        return self.restore_id


class ServiceState(View):
    service: str
    version: str
    ready: bool
    problems: tuple[str, ...]
    started_at: Instant
    relay_pending: int
    """Events committed and not yet in the stream."""
    relay_lag_s: float
    """Age of the oldest of them."""
    dead_letters: int


class GetServiceState(Question[ServiceState]):
    subject: ClassVar[str] = "ask.{service}.state.v1"


class Handled(View):
    last_at: Instant | None


class WhenHandled(Question[Handled]):
    """When the last of these events was handled here, or given up by an operator; null: none of
    them was yet."""

    subject: ClassVar[str] = "ask.{service}.handled.v1"

    event_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=200)]


def addressed_to(message: type[BaseModel], service: str) -> str:
    """The NATS subject of an operators' message for one service."""
    subject: str = message.subject  # type: ignore[attr-defined]
    return subject.replace("{service}", service)
