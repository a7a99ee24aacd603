"""Two cards of one client become one. Owned by ``services/clients``."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.base import (
    Command,
    Cursor,
    Done,
    Event,
    Instant,
    Limit,
    Page,
    Question,
    Revision,
    View,
)
from shared.contracts.clients import ClientDetails, ClientView

DuplicateReason = Literal["phone", "email", "plate", "name"]
"""What two cards have in common: a phone, an e-mail address, a plate on cars of both, or the full
name where one of them has no phone by which to tell."""


class MergeClients(Command[ClientDetails]):
    """The other card becomes another name of this one: phones, cars and notes come over, of each
    consent the stricter one stands, names and discounts stay as they are here. Answers the card
    that remains. Refused: ``client_not_found``, ``client_merged``, ``merge_with_itself``,
    ``phones_too_many``, ``revision_conflict``.
    """

    subject: ClassVar[str] = "cmd.clients.merge_clients.v1"

    client_id: UUID
    other_id: UUID
    expected_revision: Revision | None = None
    """Of the card that remains."""


class Duplicate(View):
    """Two cards that may be of one client; ``one`` is the older."""

    one: ClientView
    other: ClientView
    reasons: tuple[DuplicateReason, ...]
    found_at: Instant


class FindDuplicates(Question[Page[Duplicate]]):
    """Cards that may be of one client, the latest found first; those of one client, or all."""

    subject: ClassVar[str] = "ask.clients.duplicates.v1"

    client_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class DismissDuplicate(Command[Done]):
    """These two are not the same, whatever they have in common; they are not shown again.
    Refused: ``duplicate_not_found``."""

    subject: ClassVar[str] = "cmd.clients.dismiss_duplicate.v1"

    one_id: UUID
    other_id: UUID


class ClientMerged(Event):
    """Two cards were of one client. ``client`` remains, as it is now; ``merged`` is the other one
    as it was, with ``merged_into``: whatever names it is the client's from now on. Its cars are
    told by ``VehicleChanged``. Producer: clients. Consumers: orders, finance, documents, audit.
    """

    subject: ClassVar[str] = "evt.clients.client_merged.v1"

    client: ClientView
    merged: ClientView
    vehicle_ids: tuple[UUID, ...]

    def aggregate_id(self) -> UUID:
        return self.client.id


class DuplicateDismissed(Event):
    """Two cards that looked like one client's are not. Producer: clients. Consumer: audit."""

    subject: ClassVar[str] = "evt.clients.duplicate_dismissed.v1"

    one_id: UUID
    other_id: UUID

    def aggregate_id(self) -> UUID:
        return self.one_id
