"""Who the clients are: they come, are found to be one, and want to be forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from shared.contracts.base import Command
from shared.contracts.client_data import EraseClient, GetOpenOrders
from shared.contracts.client_links import LinkClient, LinkRole, ListLinks, UnlinkClient
from shared.contracts.client_merge import DismissDuplicate, FindDuplicates, MergeClients
from shared.contracts.clients import (
    AddVehicle,
    ChangeClient,
    ChangeVehicle,
    CreateClient,
    GetClient,
    SaidConsents,
)
from shared.contracts.finance import GetBalance, TakePayment
from shared.contracts.messages import (
    ChangeMessageTemplate,
    ListMessages,
    ListMessageTemplates,
    SendMessage,
)
from shared.contracts.orders import AddComment, ChangeOrder, FindOrders, MoveOrder
from shared.contracts.payment_documents import GiveBackDeposits
from tests.flows.histories.counter import Till
from tests.support.histories import action
from tests.support.persons import rows_naming

ROLES: tuple[LinkRole, ...] = ("payer", "payer", "driver", "family")


class Cards(Till):
    """Two clients at a time, who are not always the same two."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.former: list[UUID] = []
        self.words: dict[UUID, list[str]] = {}
        """What tells of somebody, by the card that it was first said of."""
        self.forgotten: list[UUID] = []

    async def open(self) -> None:
        await super().open()
        for place in range(2):
            await self._comes(place)
        for template in (await self.business.ask(ListMessageTemplates())).items:
            await self.send(ChangeMessageTemplate(template_id=template.id, active=True))

    async def differences(self) -> list[str]:
        """Nothing names a card that was merged, or says any more who a forgotten person was."""
        wrong = await super().differences()
        for order_id in self.orders:
            order = await self._order(order_id)
            messages = (await self.business.ask(ListMessages(order_id=order_id, limit=200))).items
            named = {"client": order.client_id, "payer": order.payer_id, "driver": order.driver_id}
            named |= {f"message {each.fact}": each.client_id for each in messages}
            for what, client_id in named.items():
                asked = GetClient(client_id=client_id) if client_id else None
                if asked and (await self.business.ask(asked)).id != client_id:
                    wrong.append(f"{order.number} names the merged {client_id} as {what}")
        if words := self.unspoken():
            engines = {name: member.engine for name, member in self.business.members.items()}
            wrong += map(" ".join, await rows_naming(engines, words))
        return wrong

    def unspoken(self) -> set[str]:
        """Words that told of somebody who is forgotten, and of nobody else."""
        return {word for one in self.forgotten for word in self.words.get(one, ())}

    async def _comes(self, place: int) -> None:
        """Somebody whose like there is not, with a car, in the place of another."""
        number = str(self.random.randint(1_000_000, 9_999_999))
        words = [f"Хрюндель{number}", f"+7916{number}", f"О{number[:3]}ЩЩ{number[3:5]}"]
        name, phone, plate = words
        agreed = SaidConsents(sms=True)
        card = CreateClient(
            last_name=name, first_name="Иван", phones=(phone,), comment=name, consents=agreed
        )
        client_id = await self.made(card)
        self.words[client_id] = words[:2]
        self.former.append(self.clients[place])
        self.clients[place] = client_id
        car = AddVehicle(client_id=client_id, vendor="Lada", model="Vesta", plate=plate)
        self.vehicles[place] = await self.made(car)

    @action(2)
    async def somebody_new_comes(self) -> None:
        await self._comes(self.random.randrange(2))

    @action(1)
    async def a_car_changes_hands(self) -> None:
        place = self.random.randrange(2)
        sold = ChangeVehicle(vehicle_id=self.vehicles[place], client_id=self.clients[1 - place])
        if await self.send(sold):
            self.vehicles.reverse()

    @action(2)
    async def somebody_was_here_before(self) -> None:
        """The card that remains is the older or the newer one."""
        place = self.random.randrange(2)
        if (former := self.recent(self.former)) and former != self.clients[place]:
            pair = [former, self.clients[place]]
            self.random.shuffle(pair)
            if await self.send(MergeClients(client_id=pair[0], other_id=pair[1])):
                self.clients = [pair[0] if one in pair else one for one in self.clients]
                self.former = [one for one in self.former if one not in pair]
                self.words[pair[0]] = [*self.words.get(pair[0], ()), *self.words.get(pair[1], ())]

    @action(1)
    async def somebody_is_forgotten(self) -> None:
        """As soon as nothing is open."""
        client_id = self.one_of((*self.clients, *self.former[-2:]))
        numbers = (await self.business.ask(GetOpenOrders(client_id=client_id))).numbers
        for number in numbers:
            for order in (await self.business.ask(FindOrders(q=number))).items:
                await self.send(MoveOrder(order_id=order.id, to="cancelled"))
        balance = await self.business.ask(GetBalance(client_id=client_id))
        if balance.debt > balance.deposit:
            debt = balance.debt - balance.deposit
            await self.send(TakePayment(customer_id=client_id, amount=debt, method="cash"))
        if balance.deposit:
            await self.send(GiveBackDeposits(client_id=client_id))
        if await self.send(EraseClient(client_id=client_id, reason="Заявление")):
            self.forgotten.append(client_id)
            self.former = [one for one in self.former if one != client_id]
            for place in range(2):
                if self.clients[place] == client_id:
                    await self._comes(place)
                    self.former.pop()

    @action(3)
    async def somebody_is_talked_of(self) -> None:
        """By name, on an own order, payment or message."""
        order_id = self.recent(self.orders)
        order = await self._order(order_id) if order_id else None
        if order is None or order.client_id not in self.clients:
            return
        client_id, name = order.client_id, order.client_name
        said: tuple[Command[Any], ...] = (
            AddComment(order_id=order.id, text=f"Звонил {name}"),
            ChangeOrder(order_id=order.id, driver=name, comment=f"Ключи отдать: {name}"),
            SendMessage(client_id=client_id, channel="sms", text=f"{name}, ждём вас"),
            TakePayment(
                customer_id=client_id, amount=self.money(), method="card", comment=f"Сын: {name}"
            ),
        )
        await self.send(self.one_of(said))

    @action(2)
    async def somebody_pays_for_another(self) -> None:
        client_id = self.one_of(self.clients)
        links = (await self.business.ask(ListLinks(client_id=client_id))).items
        if links and self.chance(0.4):
            unlink = UnlinkClient(client_id=client_id, link_id=self.one_of(links).id)
            await self.send(unlink)
            return
        other = {"other_id": self.one_of((*self.clients, *self.former[-1:]))}
        whose = self.one_of((other, {"vehicle_id": self.one_of(self.vehicles)}))
        since = date.today() - timedelta(days=self.random.randint(0, 3))
        await self.send(
            LinkClient(client_id=client_id, role=self.one_of(ROLES), since=since, **whose)
        )

    @action(1)
    async def two_only_look_alike(self) -> None:
        one, other = self.clients
        phone = f"+7999{self.random.randint(1_000_000, 9_999_999)}"
        for client_id in (one, other):
            await self.send(ChangeClient(client_id=client_id, phones=(phone,)))
        for alike in (await self.business.ask(FindDuplicates(client_id=one))).items:
            await self.send(DismissDuplicate(one_id=alike.one.id, other_id=alike.other.id))
