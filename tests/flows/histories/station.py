"""A station whose people do at random whatever may be done, and what must hold in the end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any
from uuid import UUID

from deploy.commands.difference_words import line_of
from deploy.reconciliation import compare
from shared.contracts.base import Command, Question
from shared.contracts.clients import AddVehicle, CreateClient
from shared.contracts.inventory import CreateProduct, CreateSupplier, CreateWarehouse
from shared.contracts.orders import CreateEmployee, CreateSection
from shared.contracts.visits import KeepVisits
from shared.refusals import Refused
from tests.support.business import Business
from tests.support.histories import History, action

SERVICES = ("clients", "orders", "inventory", "finance", "documents")


class Station(History):
    """One history of it, always the same of one seed. What is refused changes nothing."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(seed)
        self.business = Business(database, *SERVICES)
        self.zone = self.business.members["finance"].settings.zone
        self.done: list[str] = []
        """Of what came to something, oldest first."""

    async def history(self, steps: int) -> list[str]:
        """Where the books do not agree in the end, when all news has come."""
        try:
            await self.open()
            await self.goes_on(steps)
            await self.business.drain(self.random)
            await self.ends()
            return list(map(line_of, (await compare(self.business.ask, pause_s=0)).differences))
        finally:
            await self.business.close()

    async def ends(self) -> None:
        """When all news has come: asserts what must hold besides."""

    async def send[ReplyT](self, command: Command[ReplyT]) -> ReplyT | None:
        """The answer; ``None``: it was refused."""
        with suppress(Refused):
            reply = await self.business.send(command)
            self.done.append(type(command).__name__)
            return reply
        return None

    async def asked[ReplyT](self, question: Question[ReplyT]) -> ReplyT | None:
        """The answer; ``None``: it was refused."""
        with suppress(Refused):
            reply: ReplyT = await self.business.ask(question)
            return reply
        return None

    async def made(self, command: Command[Any]) -> UUID:
        """Of something that nobody refuses."""
        reply = await self.send(command)
        assert reply
        made: UUID = reply.id
        return made

    async def open(self) -> None:
        await self.business.open()
        self.clients = [
            await self.made(CreateClient(last_name=name, first_name="Иван")) for name in ("А", "Б")
        ]
        self.vehicles = [
            await self.made(AddVehicle(client_id=client_id, vendor="Lada"))
            for client_id in self.clients
        ]
        self.section = await self.made(CreateSection(name="Слесарный"))
        self.mechanic = await self.made(
            CreateEmployee(
                last_name="Петров",
                first_name="Пётр",
                role="technician",
                section_id=self.section,
                pay_percent=Decimal(40),
            )
        )
        self.products = [
            await self.made(CreateProduct(name=name, price=Decimal(price)))
            for name, price in (("Фильтр", "333.33"), ("Масло", "0.01"))
        ]
        places = ("Главный", "Второй")
        self.warehouses = [await self.made(CreateWarehouse(name=name)) for name in places]
        self.supplier = await self.made(CreateSupplier(name="Автодок"))
        self.carrier = await self.made(CreateSupplier(name="Перевозчик"))
        # As at the start of a station that finance knows nothing older of.
        await self.send(KeepVisits())
        await self.business.drain()

    def amount(self) -> Decimal:
        return Decimal(self.random.randint(500, 6000)) / 1000

    # --- news ------------------------------------------------------------------------------------

    @action(20)
    async def news_arrives(self) -> None:
        """Of anything, and something once more."""
        service = self.one_of(SERVICES)
        await self.business.deliver(service, self.random.randrange(100))
        await self.business.deliver_again(service, self.random.randrange(100))

    @action(4)
    async def all_news_arrives(self) -> None:
        await self.business.drain(self.random if self.chance(0.7) else None)
