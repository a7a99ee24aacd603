"""What people do at the counter and at the till."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from shared.contracts.approvals import (
    Answer,
    AnswerWork,
    DismissDeclinedWorks,
    ListDeclinedWorks,
    QuoteWorks,
    TakeDeclinedWorks,
)
from shared.contracts.bonuses import AdjustBonuses
from shared.contracts.finance import PaymentMethod, RefundPayment, TakePayment
from shared.contracts.orders import (
    AddService,
    ChangeLine,
    CreateOrder,
    GetOrder,
    MoveOrder,
    OnRemoval,
    OrderStatus,
    OrderView,
    PartRequest,
    RemoveLine,
    RequestParts,
)
from shared.contracts.payment_documents import GiveBackDeposits, MoveDeposit, PayFromBalance
from tests.flows.histories.station import Station
from tests.support.histories import action

MOVES: tuple[OrderStatus, ...] = ("in_progress", "in_progress", "done", "done", "cancelled")
ANSWERS: tuple[Answer, ...] = ("approved", "declined", "declined")
METHODS: tuple[PaymentMethod, ...] = ("cash", "card", "bonus")
REMOVALS: tuple[OnRemoval, ...] = ("return", "write_off")


class Counter(Station):
    """Orders, from their opening to their end."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.orders: list[UUID] = []

    @action(6)
    async def an_order_is_opened(self) -> None:
        await self.opened()

    async def opened(self) -> UUID | None:
        """An order; none where the car has changed hands."""
        client = self.random.randrange(2)
        order = await self.send(
            CreateOrder(
                client_id=self.clients[client],
                vehicle_id=self.one_of((None, self.vehicles[client])),
                section_id=self.section,
                employee_id=self.mechanic,
            )
        )
        if order is None:
            return None
        order_id: UUID = order.id
        self.orders.append(order_id)
        return order_id

    @action(6)
    async def a_work_is_added(self) -> None:
        if order_id := self.recent(self.orders):
            await self.send(
                AddService(
                    order_id=order_id,
                    name="Работа",
                    quantity=Decimal(self.random.randint(1, 3)),
                    initial_price=self.money(),
                    discount_percent=Decimal("7.5"),
                )
            )

    @action(10)
    async def parts_are_requested(self) -> None:
        if order_id := self.recent(self.orders):
            works = (await self._order(order_id)).services
            line = PartRequest(
                product_id=self.one_of(self.products),
                quantity=self.amount(),
                kind="product",
                service_line_id=self.one_of(works).id if works and self.chance(0.5) else None,
            )
            await self.send(RequestParts(order_id=order_id, lines=(line,)))

    @action(5)
    async def a_line_is_changed(self) -> None:
        if line := await self._a_line():
            order_id, line_id = line
            await self.send(ChangeLine(order_id=order_id, line_id=line_id, quantity=self.amount()))

    @action(4)
    async def a_line_is_removed(self) -> None:
        if line := await self._a_line():
            order_id, line_id = line
            await self.send(
                RemoveLine(
                    order_id=order_id,
                    line_id=line_id,
                    on_removal=self.one_of(REMOVALS),
                    reason="сломалась",
                )
            )

    @action(8)
    async def an_order_moves(self) -> None:
        if order_id := self.recent(self.orders):
            to = self.one_of(MOVES)
            await self.send(MoveOrder(order_id=order_id, to=to, reason="так надо"))

    @action(6)
    async def an_order_is_seen_through(self) -> None:
        """Orders hears of its parts; it is done, if they are there."""
        if order_id := self.recent(self.orders):
            await self.business.drain(self.random, only=("inventory", "orders"))
            for to in MOVES[1:3]:
                await self.send(MoveOrder(order_id=order_id, to=to))

    @action(3)
    async def works_are_quoted(self) -> None:
        if order_id := self.recent(self.orders):
            await self.send(QuoteWorks(order_id=order_id))

    @action(5)
    async def the_client_answers(self) -> None:
        order_id = self.recent(self.orders)
        if order_id is None or not (works := (await self._order(order_id)).services):
            return
        work, to = self.one_of(works), self.one_of(ANSWERS)
        await self.send(AnswerWork(order_id=order_id, line_id=work.id, to=to, how="phone"))

    @action(2)
    async def what_was_declined_is_wanted_after_all(self) -> None:
        order_id = self.recent(self.orders)
        vehicle_id = self.one_of(self.vehicles)
        listed = await self.business.ask(ListDeclinedWorks(vehicle_id=vehicle_id))
        if order_id and listed.items:
            ids = (self.one_of(listed.items).id,)
            if self.chance(0.7):
                await self.send(TakeDeclinedWorks(order_id=order_id, ids=ids))
            else:
                await self.send(DismissDeclinedWorks(vehicle_id=vehicle_id, ids=ids))

    async def _order(self, order_id: UUID) -> OrderView:
        view: OrderView = await self.business.ask(GetOrder(order_id=order_id))
        return view

    async def _a_line(self) -> tuple[UUID, UUID] | None:
        """An order, and a line of it."""
        order_id = self.recent(self.orders)
        if order_id is None:
            return None
        view = await self._order(order_id)
        parts = (*view.products, *view.materials)
        ids = [*(line.id for line in view.services), *(line.id for line in parts)]
        return (order_id, self.one_of(ids)) if ids else None


class Till(Counter):
    """Money, taken and given back."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.payments: list[UUID] = []

    @action(8)
    async def somebody_pays(self) -> None:
        order_id = self.recent(self.orders) if self.chance(0.8) else None
        payment = await self.send(
            TakePayment(
                order_id=order_id,
                customer_id=await self.client_of(order_id),
                amount=self.money(),
                method=self.one_of(METHODS),
            )
        )
        if payment:
            self.payments.append(payment.id)

    @action(3)
    async def money_goes_back(self) -> None:
        if payment_id := self.recent(self.payments):
            amount = self.one_of((None, self.money()))
            await self.send(RefundPayment(payment_id=payment_id, amount=amount))

    @action(3)
    async def a_deposit_moves(self) -> None:
        if payment_id := self.recent(self.payments):
            order_id = self.one_of((None, self.recent(self.orders), self.recent(self.orders)))
            amount = self.one_of((None, self.money()))
            move = MoveDeposit(payment_id=payment_id, order_id=order_id, amount=amount)
            await self.send(move)

    @action(3)
    async def an_order_is_paid_from_the_balance(self) -> None:
        if order_id := self.recent(self.orders):
            client_id, amount = await self.client_of(order_id), self.one_of((None, self.money()))
            pay = PayFromBalance(client_id=client_id, order_id=order_id, amount=amount)
            await self.send(pay)

    @action(1)
    async def deposits_go_back(self) -> None:
        amount = self.one_of((None, self.money()))
        await self.send(GiveBackDeposits(client_id=self.one_of(self.clients), amount=amount))

    @action(2)
    async def bonuses_are_granted(self) -> None:
        client_id, amount = self.one_of(self.clients), self.money() * self.one_of((1, 1, -1))
        await self.send(AdjustBonuses(client_id=client_id, amount=amount, reason="подарок"))

    async def client_of(self, order_id: UUID | None) -> UUID:
        """The order's, mostly."""
        if order_id and self.chance(0.9):
            return (await self._order(order_id)).client_id
        return self.one_of(self.clients)
