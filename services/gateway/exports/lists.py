"""Plain lists as tables: what a row says of each thing, with names and words where the service's
answer has ids and codes.

    report("/orders", FindOrders, "Find orders", ORDERS)

The list itself is answered as it always was; only who takes it away gets these rows. Pages' words
are asked for when a table is made, and not above: pages know the table of routes, which has these.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.audit import AuditRecord, FindRecords
from shared.contracts.base import Instant, Page, Question, View
from shared.contracts.clients import FindClients, FoundClient, VehicleView
from shared.contracts.expenses import ExpenseView, ListExpenses
from shared.contracts.finance import ListPayments, PaymentView
from shared.contracts.inventory import ListSuppliers
from shared.contracts.orders import (
    FindOrders,
    ListEmployees,
    ListPosts,
    ListSections,
    OrderSummary,
)
from shared.contracts.shelves import FindStock, ShelfView
from shared.messaging.client import ServiceClient, read_reply

MANY = 200


@dataclass(slots=True)
class Teller:
    """Who is asked what things are called, and the language in which it is said. One a table: what
    it has learnt it knows for all pages of it."""

    services: ServiceClient
    engine: AsyncEngine
    language: str
    zone: ZoneInfo
    _known: dict[str, dict[str, str]] = field(default_factory=dict)

    def _(self, text: str, **values: Any) -> str:
        from services.gateway.pages.rendering import translations

        said = translations(self.language).ugettext(text)
        return said % values if values else said

    async def listed(self, question: Question[Page[Any]]) -> dict[str, str]:
        """By id, the names of a short list of the station's own."""
        subject = type(question).subject
        if subject not in self._known:
            page = await self.services.ask(question)
            items = [*page.items]
            while page.next:
                page = await self.services.ask(question.model_copy(update={"cursor": page.next}))
                items += page.items
            self._known[subject] = {str(each.id): each.name for each in items}
        return self._known[subject]


type Rows = Callable[[Sequence[Any], Teller], Awaitable[Sequence[View]]]


@dataclass(frozen=True, slots=True)
class Listing:
    """``row``: what a row of the table has. ``rows``: those of some of the service's items.
    ``of_report``: of a report, which is a table for whoever does not want JSON; a plain list is one
    for whoever asks for it by name."""

    row: type[View]
    question: type[Question[Any]]
    rows: Rows
    of_report: bool = False

    @property
    def page_type(self) -> Any:
        return Page[self.row]  # type: ignore[name-defined]

    async def told(self, answer: bytes, teller: Teller) -> bytes:
        """The service's answer as rows of the table. Raises ``UnreadableReply``, and as those who
        are asked for names do."""
        items = read_reply(self.question, answer).items
        rows = tuple(await self.rows(items, teller))
        told: str = self.page_type(items=rows).model_dump_json()
        return told.encode()


# --- the lists -----------------------------------------------------------------------------------


class ClientRow(View):
    name: str
    kind: str
    phone: str
    email: str | None
    vehicles: str
    discount_percent: Decimal | None
    comment: str | None
    entered_at: Instant


async def _clients(items: Sequence[FoundClient], teller: Teller) -> list[ClientRow]:
    from services.gateway.pages.words import CLIENT_KINDS

    return [
        ClientRow(
            name=client.name,
            kind=teller._(CLIENT_KINDS[client.kind]),
            phone=_list(client.phones),
            email=client.email,
            vehicles=_list(_car(each) for each in client.vehicles),
            discount_percent=client.discount_percent,
            comment=client.comment,
            entered_at=client.created_at,
        )
        for client in items
    ]


def _car(car: VehicleView) -> str:
    return " ".join(filter(None, (car.vendor, car.model, car.plate, car.vin)))


class OrderRow(View):
    number: str
    status: str
    flags: str
    client: str
    vehicle: str | None
    section: str | None
    employee: str | None
    created_at: Instant
    completed_at: Instant | None
    total: Decimal
    paid: Decimal


async def _orders(items: Sequence[OrderSummary], teller: Teller) -> list[OrderRow]:
    from services.gateway.pages.orders.looks import FLAGS, STATES

    sections = await teller.listed(ListSections(limit=MANY))
    people = await teller.listed(ListEmployees(limit=MANY))
    return [
        OrderRow(
            number=order.number,
            status=teller._(STATES[order.status].word),
            flags=_list(teller._(FLAGS[flag].word) for flag in order.flags),
            client=order.client_name,
            vehicle=order.vehicle_name,
            section=sections.get(str(order.section_id)),
            employee=people.get(str(order.employee_id)),
            created_at=order.created_at,
            completed_at=order.completed_at,
            total=order.total,
            paid=order.paid,
        )
        for order in items
    ]


class ShelfRow(View):
    product: str
    oem: str | None
    barcode: str | None
    vendor: str | None
    group: str | None
    places: str
    measure: str
    on_hand: Decimal
    reserved: Decimal
    available: Decimal
    incoming: Decimal
    waiting: Decimal
    min_stock: Decimal | None
    value: Decimal | None
    last_cost: Decimal | None
    price: Decimal


async def _shelves(items: Sequence[ShelfView], teller: Teller) -> list[ShelfRow]:
    return [
        ShelfRow(
            product=each.product.name,
            oem=each.product.oem,
            barcode=each.product.barcode,
            vendor=each.product.vendor,
            group=each.product.group,
            places=_list(
                " ".join(filter(None, (place.warehouse, place.cell)))
                for place in each.places
                if place.on_hand or place.cell
            ),
            measure=each.product.measure,
            on_hand=each.on_hand,
            reserved=each.reserved,
            available=each.available,
            incoming=each.incoming,
            waiting=each.waiting,
            min_stock=each.product.min_stock,
            value=_sum(place.value for place in each.places),
            last_cost=each.last_cost,
            price=each.product.price,
        )
        for each in items
    ]


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    """Nothing where any is hidden."""
    known = list(values)
    seen = [value for value in known if value is not None]
    return sum(seen, Decimal(0)) if len(seen) == len(known) > 0 else None


class PaymentRow(View):
    at: Instant
    payer: str | None
    client: str | None
    number: str | None
    method: str
    amount: Decimal
    refunded: Decimal
    receipt: str | None
    comment: str | None
    employee: str


async def _payments(items: Sequence[PaymentView], teller: Teller) -> list[PaymentRow]:
    from services.gateway.pages.names import clients_named
    from services.gateway.pages.words import FISCAL_STATES

    ids = (each for payment in items for each in (payment.payer_id, payment.customer_id))
    clients = {key: client.name for key, client in (await clients_named(teller, ids)).items()}
    numbers, people = await _orders_and_people(items, teller)
    return [
        PaymentRow(
            at=payment.at,
            payer=clients.get(payment.payer_id),
            client=clients.get(payment.customer_id),
            number=numbers.get(payment.order_id),
            method=payment.method,
            amount=payment.amount,
            refunded=payment.refunded,
            receipt=teller._(FISCAL_STATES[payment.fiscal_state]) if payment.fiscal_state else None,
            comment=payment.comment,
            employee=people[payment.actor],
        )
        for payment in items
    ]


class ExpenseRow(View):
    at: Instant
    category: str
    amount: Decimal
    method: str
    supplier: str | None
    number: str | None
    reversed: str | None
    comment: str | None
    employee: str


async def _expenses(items: Sequence[ExpenseView], teller: Teller) -> list[ExpenseRow]:
    suppliers = await teller.listed(ListSuppliers(limit=MANY))
    numbers, people = await _orders_and_people(items, teller)
    return [
        ExpenseRow(
            at=expense.at,
            category=expense.category,
            amount=expense.amount,
            method=expense.method,
            supplier=suppliers.get(str(expense.supplier_id)),
            number=numbers.get(expense.order_id),
            reversed=teller._("Reversed") if expense.reversed else None,
            comment=expense.comment,
            employee=people[expense.actor],
        )
        for expense in items
    ]


class RecordRow(View):
    seq: int
    at: Instant
    employee: str
    login: str
    role: str | None
    token: str | None
    happened: str
    number: str | None
    about: str
    edits: str
    event: str
    hash: str


async def _records(items: Sequence[AuditRecord], teller: Teller) -> list[RecordRow]:
    from services.gateway.pages.audit_events import EVENTS
    from services.gateway.pages.audit_facts import facts_of, known_words
    from services.gateway.pages.words import ROLES

    numbers, people = await _orders_and_people(items, teller)
    known = known_words(teller._)
    for question in (ListEmployees, ListSections, ListPosts):
        known |= await teller.listed(question(limit=MANY))
    rows = []
    for record in items:
        facts = facts_of(record, known, teller.language)
        happened = EVENTS.get(record.event)
        rows.append(
            RecordRow(
                seq=record.seq,
                at=record.at,
                employee=people[record.actor],
                login=record.actor,
                role=teller._(ROLES[record.actor_role]) if record.actor_role in ROLES else None,
                token=record.actor_token,
                happened=teller._(happened.word) if happened else record.event,
                number=numbers.get(record.order_id),
                about=_list(map(str, facts.about)),
                edits=_list(
                    f"{teller._(name)}: {told_value(old, teller)} → {told_value(new, teller)}"
                    for name, old, new in facts.changes
                ),
                event=record.event,
                hash=record.hash,
            )
        )
    return rows


def told_value(value: Any, teller: Teller) -> str:
    """As the journal's page shows it."""
    match value:
        case None:
            return "—"
        case bool():
            return teller._("Yes") if value else teller._("No")
        case datetime():
            return f"{value.astimezone(teller.zone):%d.%m.%Y %H:%M}"
        case _:
            return str(value)


async def _orders_and_people(
    items: Sequence[PaymentView | ExpenseView | AuditRecord], teller: Teller
) -> tuple[dict[UUID | None, str], dict[str, str]]:
    """Of what was done about orders: the orders' numbers, and what to call whoever did it."""
    from services.gateway.pages.names import orders_named, people_named

    orders = await orders_named(teller, (each.order_id for each in items))
    people = await people_named(teller, (each.actor for each in items))
    return {order_id: order.number for order_id, order in orders.items()}, people


def _list(parts: Iterable[str]) -> str:
    return "; ".join(parts)


CLIENTS = Listing(ClientRow, FindClients, _clients)
ORDERS = Listing(OrderRow, FindOrders, _orders)
SHELVES = Listing(ShelfRow, FindStock, _shelves)
PAYMENTS = Listing(PaymentRow, ListPayments, _payments)
EXPENSES = Listing(ExpenseRow, ListExpenses, _expenses)
RECORDS = Listing(RecordRow, FindRecords, _records)
