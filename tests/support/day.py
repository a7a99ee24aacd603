"""A whole station for tests: real services on a real broker and databases of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import nats
from nats.aio.client import Client

from shared.contracts.audit import AuditRecord, FindRecords
from shared.contracts.base import Command, Event, Question
from shared.contracts.clients import AddVehicle, ClientView, CreateClient, VehicleView
from shared.contracts.inventory import (
    CreateProduct,
    CreateSupplier,
    CreateWarehouse,
    GetStock,
    ProductView,
    ReceiptLine,
    ReceiveStock,
    StockView,
    SupplierView,
    WarehouseView,
)
from shared.contracts.orders import (
    CreateEmployee,
    CreateOrder,
    CreateSection,
    EmployeeView,
    GetOrder,
    MoveOrder,
    OrderStatus,
    OrderView,
    PartRequest,
    RequestParts,
    SectionView,
)
from shared.ids import new_id
from shared.messaging.client import ServiceClient
from shared.messaging.connection import leave
from shared.messaging.envelope import Actor, opening
from shared.messaging.outbox import STREAM, outgoing
from shared.service import Running, consumed_subjects, service_named
from shared.settings import ServiceSettings
from tests.support.broker import TestNats
from tests.support.quiet import settle_down
from tests.support.waiting import PATIENCE_S, eventually

BUSINESS = ("clients", "orders", "inventory", "finance", "documents", "audit")
ADMIN = Actor("admin", "administrator", new_id())


class Station:
    """Starts and stops services, and talks to them as the gateway does."""

    def __init__(self, server: TestNats, database_urls: Mapping[str, str]) -> None:
        self.nats = server
        self.database_urls = dict(database_urls)
        self.running: dict[str, Running] = {}
        self._stacks: dict[str, AsyncExitStack] = {}
        self._connection: Client | None = None
        self._client: ServiceClient | None = None

    async def start(self, *names: str) -> None:
        for name in names:
            stack = AsyncExitStack()
            self.running[name] = await stack.enter_async_context(
                service_named(name).running(self.settings(name))
            )
            self._stacks[name] = stack

    async def stop(self, *names: str) -> None:
        for name in names:
            await self._stacks.pop(name).aclose()
            del self.running[name]

    def settings(self, name: str) -> ServiceSettings:
        return ServiceSettings(
            service=name,
            database_url=self.database_urls[name],
            nats_url=self.nats.url(name),
            command_timeout_s=PATIENCE_S / 2,
        )

    async def connect(self) -> None:
        self._connection = await nats.connect(
            self.nats.url("gateway"), inbox_prefix=b"_INBOX_gateway", max_reconnect_attempts=-1
        )
        self._client = ServiceClient(self._connection, "/station-1/gateway", PATIENCE_S / 2)

    async def close(self) -> None:
        await self.stop(*list(self._stacks))
        if self._connection:
            await leave(self._connection)

    async def send[ReplyT](
        self,
        command: Command[ReplyT],
        *,
        actor: Actor = ADMIN,
        key: str | None = None,
        traceparent: str | None = None,
    ) -> ReplyT:
        """Sends a command as ``actor``; every call has a key of its own unless one is given."""
        assert self._client
        envelope = opening(
            "/station-1/gateway",
            type(command).subject,
            actor,
            idempotency_key=key or str(new_id()),
            order_id=getattr(command, "order_id", None),
            traceparent=traceparent,
        )
        return await self._client.send(command, envelope)

    async def ask[ReplyT](self, question: Question[ReplyT], *, actor: Actor = ADMIN) -> ReplyT:
        assert self._client
        return await self._client.ask(question, actor=actor)

    async def publish(
        self,
        event: Event,
        source: str,
        *,
        event_id: UUID | None = None,
        at: datetime | None = None,
    ) -> UUID:
        """Puts an event into the stream as ``source``'s relay would, e.g. once more or too late;
        ``at``: when it happened."""
        cause = opening(f"/station-1/{source}", "test", ADMIN)
        sent = outgoing(event, cause, f"/station-1/{source}", at or cause.time)
        headers = {**sent.headers, "ce-id": str(event_id or sent.event_id)}
        connection = await nats.connect(
            self.nats.url(source), inbox_prefix=f"_INBOX_{source}".encode()
        )
        await connection.jetstream().publish(
            sent.subject, sent.body, stream=STREAM, headers=headers
        )
        await connection.close()
        return event_id or sent.event_id

    # --- what a day needs --------------------------------------------------------------------

    async def a_client(self, **fields: Any) -> ClientView:
        named = {"last_name": "Иванов", "first_name": "Иван", "phones": ("+79161234567",)}
        return await self.send(CreateClient(**{**named, **fields}))

    async def a_vehicle(self, client_id: UUID, **fields: Any) -> VehicleView:
        named = {"plate": "А123ВС77", "vendor": "Lada", "model": "Vesta"}
        return await self.send(AddVehicle(client_id=client_id, **{**named, **fields}))

    async def a_section(self, name: str = "Слесарный") -> SectionView:
        return await self.send(CreateSection(name=f"{name} {new_id().hex[-6:]}"))

    async def an_employee(self, section_id: UUID, **fields: Any) -> EmployeeView:
        named = {"last_name": "Петров", "first_name": "Пётр", "role": "technician"}
        return await self.send(CreateEmployee(section_id=section_id, **{**named, **fields}))

    async def a_product(self, price: str = "100", **fields: Any) -> ProductView:
        named = {"name": "Фильтр масляный", "price": Decimal(price)}
        return await self.send(CreateProduct(**{**named, **fields}))

    async def a_warehouse(self, name: str = "Основной") -> WarehouseView:
        return await self.send(CreateWarehouse(name=f"{name} {new_id().hex[-6:]}"))

    async def a_supplier(self) -> SupplierView:
        return await self.send(CreateSupplier(name=f"Автодок {new_id().hex[-6:]}"))

    async def receive(
        self, warehouse_id: UUID, product_id: UUID, quantity: str, cost: str = "60"
    ) -> None:
        supplier = await self.a_supplier()
        line = ReceiptLine(product_id=product_id, quantity=Decimal(quantity), cost=Decimal(cost))
        await self.send(
            ReceiveStock(warehouse_id=warehouse_id, supplier_id=supplier.id, lines=(line,))
        )

    async def an_order(self, **fields: Any) -> OrderView:
        """A new order of a new client, in a new section, with its own technician."""
        client_id = fields.pop("client_id", None) or (await self.a_client()).id
        section = await self.a_section()
        employee = await self.an_employee(section.id)
        return await self.send(
            CreateOrder(
                client_id=client_id, section_id=section.id, employee_id=employee.id, **fields
            )
        )

    async def request(
        self,
        order_id: UUID,
        product_id: UUID,
        quantity: str,
        kind: Literal["product", "material"] = "product",
        *,
        traceparent: str | None = None,
        **fields: Any,
    ) -> OrderView:
        line = PartRequest(product_id=product_id, quantity=Decimal(quantity), kind=kind, **fields)
        command = RequestParts(order_id=order_id, lines=(line,))
        return await self.send(command, traceparent=traceparent)

    async def move(self, order_id: UUID, to: OrderStatus, reason: str | None = None) -> OrderView:
        return await self.send(MoveOrder(order_id=order_id, to=to, reason=reason))

    async def order(self, order_id: UUID) -> OrderView:
        return await self.ask(GetOrder(order_id=order_id))

    async def order_when(
        self,
        order_id: UUID,
        condition: Callable[[OrderView], bool],
        *,
        timeout_s: float = PATIENCE_S,
    ) -> OrderView:
        """The order as soon as it is so."""

        async def is_so() -> OrderView | None:
            order = await self.order(order_id)
            return order if condition(order) else None

        found = await eventually(is_so, timeout_s=timeout_s)
        assert found
        return found

    async def stock(self, product_id: UUID, warehouse_id: UUID) -> StockView:
        page = await self.ask(GetStock(product_id=product_id, warehouse_id=warehouse_id))
        return page.items[0]

    async def records(self, **filters: Any) -> list[AuditRecord]:
        """Audit records, newest first."""
        return list((await self.ask(FindRecords(limit=200, **filters))).items)

    async def settle_down(self, *, timeout_s: float = PATIENCE_S) -> None:
        """Waits until every outbox is empty and every consumer has handled all there is."""
        await settle_down(self.nats, self.running, timeout_s=timeout_s)


@asynccontextmanager
async def running_station(
    server: TestNats, database: Callable[[str], str], *services: str
) -> AsyncIterator[Station]:
    """A station of all services, or only of those named; the others do not exist."""
    names = services or BUSINESS
    await server.apply_topology({name: consumed_subjects(name) for name in names})
    station = Station(server, {name: database(name) for name in names})
    await station.connect()
    try:
        await station.start(*names)
        yield station
    finally:
        await station.close()
