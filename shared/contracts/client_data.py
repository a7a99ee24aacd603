"""What is known of a person, given out or erased on request. Owned by ``services/clients``."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from shared.contracts.audit import AuditRecord
from shared.contracts.base import Command, Event, Instant, Name, Question, View
from shared.contracts.bonuses import BonusesView
from shared.contracts.client_contracts import ContractView
from shared.contracts.client_links import LinkView
from shared.contracts.clients import ClientDetails, ClientView, VehicleView
from shared.contracts.finance import BalanceView, PaymentView
from shared.contracts.messages import MessageView
from shared.contracts.orders import CommentView, OrderSummary
from shared.contracts.tags import TagView


class ErasedClient(View):
    client_id: UUID
    name: str
    """Whatever named the person shows this: ``Erased client 7F3A9C``. Over HTTP it is told in the
    reader's language."""
    erased_at: Instant


class EraseClient(Command[ErasedClient]):
    """Names, phones, addresses, notes and plates of a person go, from every service; orders, money
    and the journal stay, of somebody whom nobody can name. It cannot be undone.

    Refused: ``client_not_found``, ``client_merged``, ``client_erased``, and as long as there is
    something to be settled: ``client_has_open_orders``, ``client_has_money``.
    """

    subject: ClassVar[str] = "cmd.clients.erase_client.v1"

    client_id: UUID
    reason: Name


class OrderOfPerson(View):
    order: OrderSummary
    comments: tuple[CommentView, ...]


class PersonalData(View):
    """Whatever each service has of a person; lists are whole, the newest first."""

    client: ClientDetails
    contracts: tuple[ContractView, ...]
    orders: tuple[OrderOfPerson, ...]
    balance: BalanceView
    bonuses: BonusesView
    payments: tuple[PaymentView, ...]
    messages: tuple[MessageView, ...]
    journal: tuple[AuditRecord, ...]
    """What the audit has of the card itself."""
    tags: tuple[TagView, ...] = ()
    """On the card, and on the cars."""
    links: tuple[LinkView, ...] = ()
    """In which the person is on either side, past ones too. Whoever is on the other has no name
    here: that is another person's."""


class GetPersonalData(Question[PersonalData]):
    """Everything that is known of a person, to be given to them. Refused: ``client_not_found``,
    ``service_unavailable``: half of it would be a wrong answer."""

    subject: ClassVar[str] = "ask.clients.personal_data.v1"

    client_id: UUID


class OpenOrders(View):
    numbers: tuple[str, ...]


class GetOpenOrders(Question[OpenOrders]):
    """A client's orders that are neither settled nor cancelled, as customer, payer or driver; the
    first hundred."""

    subject: ClassVar[str] = "ask.orders.open_orders.v1"

    client_id: UUID


class ClientErased(Event):
    """A person asked to be forgotten. ``cards``: the client's, and those that were merged into it,
    as they are now; ``vehicles``: the cars, without plates. ``aliases`` are all ids by which the
    client was ever known. Producer: clients. Consumers: clients (what was under way), orders,
    finance, documents, audit (shows what it keeps without the person)."""

    subject: ClassVar[str] = "evt.clients.client_erased.v1"

    client_id: UUID
    name: str
    reason: str
    aliases: tuple[UUID, ...]
    cards: tuple[ClientView, ...]
    vehicles: tuple[VehicleView, ...]

    def aggregate_id(self) -> UUID:
        return self.client_id
