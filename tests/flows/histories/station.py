"""A station whose people do at random whatever may be done, and what must hold in the end."""

from __future__ import annotations

import asyncio
from asyncio import Future, Task
from collections.abc import Callable, Coroutine
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

    processes = 1
    """Of each service."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(seed)
        self.business = Business(database, *SERVICES, processes=self.processes)
        self.zone = self.business.members["finance"].settings.zone
        self.done: list[str] = []
        """Of what came to something, oldest first."""
        self.held: list[tuple[Command[Any], Future[Any]]] | None = None
        """Commands that are going to be sent at the same time, when they are being gathered."""
        self.arrived = asyncio.Event()
        """Another one of them is there."""

    async def history(self, steps: int) -> list[str]:
        """What does not hold in the end."""
        try:
            await self.open()
            await self.goes_on(steps)
            return await self.differences()
        finally:
            await self.business.close()

    async def differences(self) -> list[str]:
        """What does not hold, when all news has come, and what went astray is found."""
        self.business.find()
        await self.business.drain(self.random)
        return list(map(line_of, (await compare(self.business.ask, pause_s=0)).differences))

    async def send[ReplyT](self, command: Command[ReplyT]) -> ReplyT | None:
        """The answer; ``None``: it was refused."""
        with suppress(Refused):
            return await self._done(command)
        return None

    async def asked[ReplyT](self, question: Question[ReplyT]) -> ReplyT | None:
        """The answer; ``None``: it was refused."""
        with suppress(Refused):
            reply: ReplyT = await self.business.ask(question)
            return reply
        return None

    async def made(self, command: Command[Any]) -> UUID:
        """Of something that nobody refuses."""
        made: UUID = (await self._done(command)).id
        return made

    async def _done[ReplyT](self, command: Command[ReplyT]) -> ReplyT:
        """Raises ``Refused``."""
        if self.held is None:
            reply = await self.business.send(command)
        else:
            answered: Future[ReplyT] = asyncio.get_running_loop().create_future()
            self.held.append((command, answered))
            self.arrived.set()
            reply = await answered
        self.done.append(type(command).__name__)
        return reply

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

    # --- at the same time ------------------------------------------------------------------------

    @action(8)
    async def people_do_things_at_once(self) -> None:
        """Each comes to a first command, in turn, so that what is drawn stays the same; these are
        sent together, beside some news; then each goes on, in turn."""
        held = self.held = []
        stories = []
        for told in self.drawn(self.random.randint(2, 6)):
            if told is not type(self).people_do_things_at_once:
                stories.append(await self._begun(told(self)))
        self.held = None
        addressed = [type(command).subject.split(".")[1] for command, _ in held]
        service = self.one_of(addressed or SERVICES)
        news = asyncio.create_task(self.business.deliver_together(service, self.random))
        if self.chance(0.5):  # the news are before the commands in the lane, or behind them
            await asyncio.sleep(0)
        sent = (self.business.send(command) for command, _ in held)
        replies = await asyncio.gather(*sent, return_exceptions=True)
        await news
        answers = {each: reply for (_, each), reply in zip(held, replies, strict=True)}
        for story, waits in stories:
            for each in waits:
                if isinstance(reply := answers[each], BaseException):
                    each.set_exception(reply)
                else:
                    each.set_result(reply)
            # What nobody refuses may be refused for what others do at the same time.
            with suppress(Refused):
                await story

    async def _begun(
        self, story: Coroutine[Any, Any, None]
    ) -> tuple[Task[None], list[Future[Any]]]:
        """With what it waits for, unless it has ended without a command."""
        assert self.held is not None
        before = len(self.held)
        self.arrived.clear()
        task, arrived = asyncio.create_task(story), asyncio.create_task(self.arrived.wait())
        await asyncio.wait({task, arrived}, return_when=asyncio.FIRST_COMPLETED)
        arrived.cancel()
        return task, [answered for _, answered in self.held[before:]]

    # --- news ------------------------------------------------------------------------------------

    @action(20)
    async def news_arrives(self) -> None:
        """Of anything, and something once more."""
        service = self.one_of(SERVICES)
        await self.business.deliver(service, self.random.randrange(100))
        await self.business.deliver_again(service, self.random.randrange(100))

    @action(6)
    async def news_arrive_together(self) -> None:
        await self.business.deliver_together(self.one_of(SERVICES), self.random)

    @action(4)
    async def all_news_arrives(self) -> None:
        await self.business.drain(self.random if self.chance(0.7) else None)

    @action(2)
    async def news_goes_astray(self) -> None:
        """It is found again when much else has happened."""
        self.business.lose(self.one_of(SERVICES), self.random.randrange(100))

    @action(1)
    async def what_was_lost_is_found(self) -> None:
        self.business.find()
