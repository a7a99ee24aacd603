"""What else people do with an order at the counter: who pays, what the client says, whose it is."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from shared.contracts.approvals import (
    AnswerEstimate,
    AnswerWorks,
    EstimateLink,
    QuoteWorks,
    RevokeEstimateLink,
    ShowEstimate,
    WorkAnswer,
)
from shared.contracts.base import Command
from shared.contracts.clients import GetVehicle
from shared.contracts.link_secret import ReplaceLinkSecret
from shared.contracts.orders import (
    AddComment,
    AddService,
    ChangeLine,
    ChangeOrder,
    CreateEmployee,
    CreateOrder,
    FindOrders,
    ListPriceSteps,
    NamedPerformer,
    PartLineView,
    ServiceLineView,
)
from shared.contracts.photos import AddPhoto, ChangePhoto, RemovePhoto
from shared.refusals import Refused
from tests.flows.histories.counter import ANSWERS, Counter
from tests.support.histories import action

JPEG = b64encode(b"\xff\xd8\xff\xe0 a picture")


class Reception(Counter):
    """Orders are about more than works and parts."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.photos: list[UUID] = []

    async def open(self) -> None:
        await super().open()
        helper = CreateEmployee(
            last_name="Сидоров", first_name="Сидор", role="technician", section_id=self.section
        )
        self.mechanics = [self.mechanic, await self.made(helper)]

    async def differences(self) -> list[str]:
        """Every price is what the last steps to it say."""
        wrong = await super().differences()
        for order_id in self.orders:
            order = await self._order(order_id)
            lines: tuple[ServiceLineView | PartLineView, ...]
            lines = (*order.services, *order.products, *order.materials)
            for line in lines:
                asked = ListPriceSteps(order_id=order_id, line_id=line.id, limit=200)
                steps = (await self.business.ask(asked)).items
                for kind, last in {each.step: each.new for each in steps}.items():
                    if getattr(line, kind, last) != last:
                        wrong.append(f"{order.number} {line.name}: {kind} is not {last}, {steps}")
        for car in self.vehicles:
            wrong += await self._unsaid_mileage(car)
        return wrong

    async def _unsaid_mileage(self, car: UUID) -> list[str]:
        """Nobody types any on a card here: it has one that an order of the car says, if one does.
        Which of several is the newest is the clocks' to say, and those are wrong here."""
        orders = (await self.business.ask(FindOrders(vehicle_id=car, limit=200))).items
        said = {(await self._order(each.id)).mileage_km for each in orders} - {None}
        shown = (await self.business.ask(GetVehicle(vehicle_id=car))).mileage_km
        if shown in (said or {None}):
            return []
        return [f"the card of {car} shows {shown} km, its orders say {said}"]

    @action(6)
    async def a_visit_begins(self) -> None:
        """With works, of which the client is asked."""
        await self.an_order_is_opened()
        order_id = self.orders[-1] if self.orders else None
        for _ in range(self.random.randint(1, 3) if order_id else 0):
            price, minutes = self.money(), self.random.randint(0, 90)
            work = AddService(
                order_id=order_id, name="Работа", initial_price=price, estimation_minutes=minutes
            )
            await self.send(work)
        if order_id and self.chance(0.5):
            await self.send(QuoteWorks(order_id=order_id))

    @action(2)
    async def an_estimate_is_opened(self) -> None:
        client = self.random.randrange(2)
        order = await self.send(
            CreateOrder(
                client_id=self.clients[client],
                section_id=self.section,
                employee_id=self.mechanic,
                payer_id=self.one_of(self.clients),
                driver=self.one_of((None, "Сосед")),
                status="draft",
                visible_to_customer=self.chance(0.8),
            )
        )
        if order:
            self.orders.append(order.id)

    @action(4)
    async def a_header_is_edited(self) -> None:
        if order_id := self.recent(self.orders):
            await self.send(ChangeOrder(order_id=order_id, **self._said_of_an_order()))

    def _said_of_an_order(self) -> dict[str, Any]:
        day = datetime.now(UTC) - timedelta(days=self.random.randint(0, 40))
        said: tuple[dict[str, Any], ...] = (
            {"vehicle_id": self.one_of((None, *self.vehicles))},
            {"payer_id": self.one_of(self.clients)},
            {"driver_id": self.one_of((None, *self.clients))},
            {"driver": "Сосед", "comment": "Оставил ключи"},
            {"assignment_at": day, "mileage_km": self.random.randint(1, 200_000)},
            {"visible_to_customer": self.chance(0.7)},
            {"mechanic_id": self.one_of((None, self.mechanic))},
            {"responsible_id": self.one_of((None, self.mechanic))},
            {"product_responsible_id": self.one_of((None, self.mechanic))},
            {"vehicle_in_at": day, "vehicle_out_at": self.one_of((None, datetime.now(UTC)))},
        )
        return self.one_of(said)

    @action(2)
    async def several_do_a_work(self) -> None:
        if line := await self._a_work():
            order_id, line_id = line
            shares = self.one_of(((), (100,), (60, 40), (33, 67)))
            people = [self.mechanic, self.one_of(self.mechanics)][: len(shares)]
            performers = tuple(
                NamedPerformer(employee_id=employee_id, share=share)
                for employee_id, share in zip(people, shares, strict=True)
            )
            await self.send(ChangeLine(order_id=order_id, line_id=line_id, performers=performers))

    @action(3)
    async def a_price_is_agreed_on(self) -> None:
        if line := await self._a_line():
            order_id, line_id = line
            said: tuple[dict[str, Any], ...] = (
                {"initial_price": self.money()},
                {"fixed_discount": self.money("0.00", "20.00")},
                {"discount_percent": self.money("0.00", "100.00")},
                {"labor_hours": self.amount(), "labor_rate": self.money()},
            )
            change = ChangeLine(order_id=order_id, line_id=line_id, **self.one_of(said))
            await self.send(change)

    @action(3)
    async def the_client_answers_for_several_works(self) -> None:
        if (order_id := self.recent(self.orders)) and (
            works := (await self._order(order_id)).services
        ):
            answers = tuple(WorkAnswer(line_id=each.id, to=self.one_of(ANSWERS)) for each in works)
            await self.send(AnswerWorks(order_id=order_id, answers=answers, how="in_person"))

    @action(3)
    async def the_client_answers_by_the_link(self) -> None:
        if order_id := self.recent(self.orders):
            try:
                link = await self.business.ask(EstimateLink(order_id=order_id))
                token = link.path.removeprefix("/e/")
                shown = await self.business.ask(ShowEstimate(token=token))
            except Refused:
                return
            if shown.jobs:
                lines = (self.one_of(shown.jobs).line_id,)
                await self.send(
                    AnswerEstimate(
                        token=token, version=shown.version, lines=lines, to=self.one_of(ANSWERS)
                    )
                )

    @action(1)
    async def a_link_is_taken_back(self) -> None:
        if order_id := self.recent(self.orders):
            revoke: Command[Any] = RevokeEstimateLink(order_id=order_id)
            await self.send(ReplaceLinkSecret() if self.chance(0.2) else revoke)

    @action(2)
    async def something_is_noted(self) -> None:
        if order_id := self.recent(self.orders):
            await self.send(AddComment(order_id=order_id, text="Звонил, просил поторопиться"))

    @action(2)
    async def something_is_photographed(self) -> None:
        photo_id, order_id = self.recent(self.photos), self.recent(self.orders)
        if photo_id and self.chance(0.5):
            if self.chance(0.5):
                await self.send(RemovePhoto(photo_id=photo_id))
            else:
                await self.send(ChangePhoto(photo_id=photo_id, caption="Скол"))
        elif order_id:
            photo = AddPhoto(order_id=order_id, content=JPEG, small=JPEG, width=8, height=8)
            if added := await self.send(photo):
                self.photos.append(added.id)

    async def _a_work(self) -> tuple[UUID, UUID] | None:
        """An order, and a work on it."""
        order_id = self.recent(self.orders)
        works = (await self._order(order_id)).services if order_id else ()
        return (order_id, self.one_of(works).id) if order_id and works else None
