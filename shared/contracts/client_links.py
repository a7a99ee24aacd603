"""Who belongs to whom: family, a company's people, and who drives or pays. Owned by
``services/clients``."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.base import Command, Cursor, Day, Done, Event, Limit, Page, Question, View

LinkRole = Literal["family", "employee", "driver", "payer"]
"""The client is family of the other, works for it, drives for it or drives the car, pays for it or
for the car. Family goes both ways. A car's owner is on the car itself."""


class LinkView(View):
    """Half open: it holds for ``since <= day < until``; ``until`` null: it goes on."""

    id: UUID
    client_id: UUID
    role: LinkRole
    other_id: UUID | None
    vehicle_id: UUID | None
    since: date
    until: date | None


class NamedLink(LinkView):
    client: str
    """How the client is shown today."""
    other: str | None
    vehicle: str | None


class LinkClient(Command[LinkView]):
    """To another client or to a car, one of them; absent ``since``: today. Refused:
    ``client_not_found``, ``client_merged``, ``client_erased``, ``vehicle_not_found``,
    ``link_invalid``, ``link_exists``, ``period_invalid``."""

    subject: ClassVar[str] = "cmd.clients.link_client.v1"

    client_id: UUID
    role: LinkRole
    other_id: UUID | None = None
    vehicle_id: UUID | None = None
    since: Day | None = None
    until: Day | None = None


class UnlinkClient(Command[Done]):
    """It ends today; one that has not begun before today goes. Refused: ``link_not_found``."""

    subject: ClassVar[str] = "cmd.clients.unlink_client.v1"

    client_id: UUID
    """Either side of it."""
    link_id: UUID


class ListLinks(Question[Page[NamedLink]]):
    """All in which the client is on either side, past ones too unless ``current``; the latest
    written first. Refused: ``client_not_found``."""

    subject: ClassVar[str] = "ask.clients.links.v1"

    client_id: UUID
    current: bool = False
    limit: Limit = 50
    cursor: Cursor | None = None


class Party(View):
    client_id: UUID
    name: str
    phone: str | None


class OrderParties(View):
    """Who may pay for and drive on an order: of the car first, then of the client, the latest
    first; the first of each is the one to propose."""

    payers: tuple[Party, ...]
    drivers: tuple[Party, ...]


class SuggestParties(Question[OrderParties]):
    """By the links of today. Refused: ``client_not_found``."""

    subject: ClassVar[str] = "ask.clients.order_parties.v1"

    client_id: UUID
    vehicle_id: UUID | None = None


class ClientLinked(Event):
    """Producer: clients. Consumer: audit."""

    subject: ClassVar[str] = "evt.clients.client_linked.v1"

    link: LinkView

    def aggregate_id(self) -> UUID:
        return self.link.client_id


class ClientUnlinked(Event):
    """A link has ended, or was a slip. Producer: clients. Consumer: audit."""

    subject: ClassVar[str] = "evt.clients.client_unlinked.v1"

    link: LinkView

    def aggregate_id(self) -> UUID:
        return self.link.client_id
