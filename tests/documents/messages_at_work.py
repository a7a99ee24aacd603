"""The documents service at work on messages: with a real clients service beside it, orders stood in
for, carriers that do as they are told, and a clock that a test turns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID
from zoneinfo import ZoneInfo

import nats
import pydantic_core
from nats.aio.msg import Msg
from sqlalchemy import select

from services.documents import app
from services.documents.domain.message_rules import SendingRules
from services.documents.domain.messages import Abilities
from services.documents.handlers.sending import Sender
from services.documents.providers.base import Accepted, Fate, Letter
from shared.contracts.base import Event, Page
from shared.contracts.clients import ClientView, CreateClient
from shared.contracts.messages import (
    ChangeMessageTemplate,
    Channel,
    CreateMessageTemplate,
    GetMessage,
    ListMessages,
    ListMessageTemplates,
    MessageTemplateView,
    MessageText,
    MessageView,
    SendMessage,
)
from shared.contracts.orders import OrderCompleted, OrderCreated, OrderSummary
from shared.contracts.work_order import WorkOrder
from shared.database import outbox
from shared.messaging.client import STATUS_HEADER, refusal_body
from shared.refusals import Refused
from tests.documents.message_builders import NOON, an_order, summary_of, view_of
from tests.support.day import Station, running_station

ZONE = ZoneInfo("Europe/Moscow")
RULES = SendingRules(ZONE)


class Killed(BaseException):
    """The process is gone: nothing that would have come after happens."""


@dataclass
class Carrier:
    """A provider that writes down what it is sent, and does what a test says before or after."""

    name: str = "fake"
    abilities: Abilities = field(default_factory=lambda: Abilities(tracks="provider_id"))
    taken: list[Letter] = field(default_factory=list)
    calls: int = 0
    before: BaseException | None = None
    """Raised instead of taking the letter."""
    after: BaseException | None = None
    """Raised when the letter is taken."""
    fates: list[Fate | Exception] = field(default_factory=list)
    """What it tells, one after the other; then whether it has the message."""
    during: Callable[[], Awaitable[None]] | None = None

    async def send(self, letter: Letter) -> Accepted:
        self.calls += 1
        if self.before:
            raise self.before
        if self.during:
            await self.during()
        if not self.abilities.dedupes or letter not in self.taken:
            self.taken.append(letter)
        if self.after:
            raise self.after
        return Accepted(f"p-{len(self.taken)}")

    async def fate(self, letter: Letter, provider_id: str | None) -> Fate:
        known = Fate("under_way" if letter in self.taken else "unknown")
        fate = self.fates.pop(0) if self.fates else known
        if isinstance(fate, Exception):
            raise fate
        return fate


class Orders:
    """Stands in for the orders service: answers what messages ask of it."""

    def __init__(self) -> None:
        self.by_id: dict[UUID, WorkOrder] = {}
        self.of_car: list[WorkOrder] = []
        self.link: str | None = None
        self.declined: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.broken = False

    def reply(self, message: Msg) -> tuple[bytes, str]:
        if message.headers:  # a service that tries what it may ask says nothing of itself
            self.asked.append(message.subject)
        if self.broken:
            return refusal_body(Refused("service_unavailable", service="orders")), "refused"
        try:
            return self._reply(message.subject, pydantic_core.from_json(message.data)), "ok"
        except Refused as refusal:
            return refusal_body(refusal), "refused"

    def _reply(self, subject: str, body: dict[str, Any]) -> bytes:
        match subject:
            case "ask.orders.order.v1":
                return view_of(self._order(body)).model_dump_json().encode()
            case "ask.orders.work_order.v1":
                return self._order(body).model_dump_json().encode()
            case "ask.orders.find_orders.v1":
                found = Page[OrderSummary](items=tuple(map(summary_of, self.of_car)))
                return found.model_dump_json().encode()
            case "ask.orders.declined_works.v1":
                return pydantic_core.to_json({"items": self.declined, "next": None})
            case "ask.orders.estimate_link.v1":
                if self.link is None:
                    raise Refused("estimate_link_not_found", id=body["order_id"])
                return pydantic_core.to_json(
                    {"path": "/e/x", "url": self.link, "expires_at": NOON + timedelta(days=9)}
                )
        raise Refused("not_found")

    def _order(self, body: dict[str, Any]) -> WorkOrder:
        order = self.by_id.get(UUID(body["order_id"]))
        if order is None:
            raise Refused("order_not_found", id=body["order_id"])
        return order


class AtWork:
    """A station of clients and documents, and a sender that a test steps by hand."""

    def __init__(self, station: Station, orders: Orders) -> None:
        self.station = station
        self.orders = orders
        # Whatever handlers have written down is of the past, or of this very moment.
        self.now = datetime.now(UTC) + timedelta(seconds=5)
        self.carrier = Carrier()

    # --- the sender --------------------------------------------------------------------------

    def sender(self, rules: SendingRules = RULES) -> Sender:
        """A new one, as after a start: it knows nothing but the database."""
        carriers: dict[Channel, Any] = {"sms": self.carrier, "email": self.carrier}
        return Sender(self.station.running["documents"], carriers, rules, lambda: self.now)

    async def rounds(self, count: int = 4, rules: SendingRules = RULES) -> None:
        sender = self.sender(rules)
        for _ in range(count):
            await sender.round()

    def later(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now

    async def published[EventT: Event](self, event_type: type[EventT]) -> list[EventT]:
        """What left through the outbox, oldest first."""
        async with self.station.running["documents"].engine.connect() as connection:
            rows = await connection.execute(
                select(outbox.c.body)
                .where(outbox.c.subject == event_type.subject)
                .order_by(outbox.c.seq)
            )
            return [event_type.model_validate_json(row.body) for row in rows]

    # --- things ------------------------------------------------------------------------------

    async def a_client(self, *consents: str, **fields: Any) -> ClientView:
        named = {
            "last_name": "Смирнова",
            "phones": ("+79165550102",),
            "email": "olga@example.com",
            "consents": dict.fromkeys(consents or ("sms", "email"), True),
        }
        client = await self.station.send(CreateClient(**{**named, **fields}))
        await self.station.settle_down()
        return client

    def an_order_of(self, client: ClientView, **fields: Any) -> WorkOrder:
        customer = an_order().customer.model_copy(update={"id": client.id})
        order = an_order(customer=customer, **fields)
        self.orders.by_id[order.id] = order
        return order

    async def a_template(self, **fields: Any) -> MessageTemplateView:
        named: dict[str, Any] = {
            "name": f"Шаблон {fields.get('fact', 'order_ready')} {fields.get('channel', 'sms')}",
            "fact": "order_ready",
            "channel": "sms",
            "active": True,
            "ru": MessageText(text="{{ Number }} готов"),
            "en": MessageText(text="{{ Number }} is ready"),
        }
        return await self.station.send(CreateMessageTemplate(**{**named, **fields}))

    async def a_message(self, **fields: Any) -> MessageView:
        """By hand, to a client who has agreed."""
        client_id = fields.pop("client_id", None) or (await self.a_client()).id
        named = {"client_id": client_id, "channel": "sms", "text": "Ждём вас"}
        return await self.station.send(SendMessage(**{**named, **fields}))

    async def message(self, message_id: UUID) -> MessageView:
        return await self.station.ask(GetMessage(message_id=message_id))

    async def messages(self, **filters: Any) -> list[MessageView]:
        return list((await self.station.ask(ListMessages(limit=200, **filters))).items)

    async def switch_off(self, template: MessageTemplateView) -> None:
        await self.station.send(ChangeMessageTemplate(template_id=template.id, active=False))

    async def templates(self) -> list[MessageTemplateView]:
        return list((await self.station.ask(ListMessageTemplates(limit=200))).items)

    # --- facts -------------------------------------------------------------------------------

    async def opened(self, order: WorkOrder, **fields: Any) -> None:
        named = {
            **naming(order),
            "status": "new",
            "client_id": order.customer.id,
            "vehicle_id": order.vehicle.id if order.vehicle else None,
            "section_id": order.section.id,
            "employee_id": UUID(int=5),
            "type": "repair",
        }
        await self.tell(OrderCreated(**{**named, **fields}))

    async def completed(self, order: WorkOrder) -> WorkOrder:
        """Done, as orders tells and answers it from now on."""
        done = order.model_copy(
            update={
                "status": "done",
                "completion": order.completion + 1,
                "completed_at": self.now,
                "revision": order.revision + 1,
            }
        )
        self.orders.by_id[order.id] = done
        await self.tell(completion_of(done))
        return done

    async def tell(self, event: Any, source: str = "orders", event_id: UUID | None = None) -> UUID:
        told = await self.station.publish(event, source, event_id=event_id)
        await self.station.settle_down()
        return told


def naming(order: WorkOrder) -> dict[str, Any]:
    return {"order_id": order.id, "number": order.number, "revision": order.revision}


def completion_of(order: WorkOrder) -> OrderCompleted:
    return OrderCompleted(
        **naming(order),
        completion=order.completion,
        station_id=order.station.id,
        section_id=order.section.id,
        employee_id=UUID(int=5),
        client_id=order.customer.id or UUID(int=1),
        payer_id=order.payer.id or UUID(int=1),
        completed_at=order.completed_at or NOON,
        total=order.total,
        services_total=order.services_total,
        products_total=order.products_total,
        materials_total=order.materials_total,
        services=(),
        parts=(),
    )


@asynccontextmanager
async def messages_at_work(server: Any, database: Callable[[str], str]) -> AsyncIterator[AtWork]:
    """The service's own sender is silent: its time is not the test's."""
    orders = Orders()
    connection = await nats.connect(server.url("orders"), inbox_prefix=b"_INBOX_orders")

    async def answer(message: Msg) -> None:
        reply, status = orders.reply(message)
        await connection.publish(message.reply, reply, headers={STATUS_HEADER: status})

    await connection.subscribe("ask.orders.>", queue="orders", cb=answer)
    with patch.object(app.service, "_background", ()):
        async with running_station(server, database, "clients", "documents") as station:
            yield AtWork(station, orders)
    await connection.close()
