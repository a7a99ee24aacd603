"""Contracts with clients, and the credit that they give. Owned by ``services/clients``."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    Command,
    Cursor,
    Day,
    Event,
    Instant,
    Limit,
    Money,
    Name,
    Page,
    Percent,
    Question,
    Revision,
    Text,
    View,
)

PaymentDays = Annotated[int, Field(ge=0, le=3650)]


class ContractFields(View):
    """``valid_from`` and ``valid_to``: both days belong to it; null is unbounded."""

    number: Name
    signed_on: date
    valid_from: date | None = None
    valid_to: date | None = None
    payment_days: PaymentDays = 0
    """How many days after an order is done it may be paid."""
    credit_limit: Money | None = None
    """Up to how much the client may owe when a car is given back; null: no limit is watched."""
    discount_percent: Percent | None = None
    """Of orders that are opened while it is valid, where the card's own is not higher."""
    comment: Text | None = None


class ContractView(ContractFields):
    id: UUID
    client_id: UUID
    revision: Revision
    created_at: Instant
    updated_at: Instant


class CreateContract(Command[ContractView], ContractFields):
    """Refused: ``client_not_found``, ``client_merged``, ``period_invalid``."""

    subject: ClassVar[str] = "cmd.clients.create_contract.v1"
    model_config = {"extra": "forbid"}

    client_id: UUID
    signed_on: Day
    valid_from: Day | None = None
    valid_to: Day | None = None


class ChangeContract(Command[ContractView]):
    """Fields that are not named stay; a null clears. Refused: ``contract_not_found``,
    ``field_required``, ``period_invalid``, ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.clients.change_contract.v1"

    contract_id: UUID
    expected_revision: Revision | None = None
    number: Name | None = None
    signed_on: Day | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    payment_days: PaymentDays | None = None
    credit_limit: Money | None = None
    discount_percent: Percent | None = None
    comment: Text | None = None


class ListContracts(Question[Page[ContractView]]):
    """A client's contracts, the latest first. Refused: ``client_not_found``."""

    subject: ClassVar[str] = "ask.clients.contracts.v1"

    client_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None


class ContractSaved(Event):
    """A contract was made, edited, or came to another card of its client. Producer: clients.
    Consumers: orders (credit limits, discounts), finance (when an order must be paid), audit."""

    subject: ClassVar[str] = "evt.clients.contract_saved.v1"

    contract: ContractView

    def aggregate_id(self) -> UUID:
        return self.contract.id
