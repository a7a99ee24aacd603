"""How often a client came and what it brought: counted by ``services/clients`` from the
settlements that finance tells of."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Command, Cursor, Instant, Money, Page, Question, View
from shared.contracts.finance import MoneySum
from shared.contracts.reconciliation import Difference

ManyAtOnce = Annotated[int, Field(ge=1, le=2000)]


class ClientVisits(View):
    """Over all settled orders of a client that were not reopened."""

    visits: int
    revenue: MoneySum
    first_visit: Instant | None
    last_visit: Instant | None
    last_section_id: UUID | None


class GetClientVisits(Question[ClientVisits]):
    """Refused: ``client_not_found``."""

    subject: ClassVar[str] = "ask.clients.client_visits.v1"

    client_id: UUID


class PastSettlement(View):
    """One completion of an order that was settled, whether that stands or not."""

    order_id: UUID
    completion: int
    client_id: UUID
    section_id: UUID
    completed_at: Instant
    revenue: Money
    reversed: bool


class ListSettlements(Question[Page[PastSettlement]]):
    """All that there ever were, by order; for services that count them."""

    subject: ClassVar[str] = "ask.finance.settlements.v1"

    limit: ManyAtOnce = 1000
    cursor: Cursor | None = None


class KeptVisits(View):
    cursor: str | None
    """What to ask finance for next."""
    done: bool


class GetKeptVisits(Question[KeptVisits]):
    """Whether the visits from before they were counted are all here."""

    subject: ClassVar[str] = "ask.clients.kept_visits.v1"


class CheckVisits(Question[Page[Difference]]):
    """Recounts every client's visits; answers what differs, at most 1000 rows. ``what`` is
    a stable code. Nothing is repaired."""

    subject: ClassVar[str] = "ask.clients.check_visits.v1"


class KeepVisits(Command[KeptVisits]):
    """A page of what finance settled in the past, given by the service itself when it starts. A
    page that is not the next one changes nothing."""

    subject: ClassVar[str] = "cmd.clients.keep_visits.v1"

    after: Cursor | None = None
    settlements: tuple[PastSettlement, ...] = Field(default=(), max_length=2000)
    next: Cursor | None = None
