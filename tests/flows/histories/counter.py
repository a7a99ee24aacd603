"""What people do at the counter and at the till."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from shared.contracts.finance import RefundPayment, TakePayment
from shared.contracts.orders import (
    AddService,
    ChangeLine,
    CreateOrder,
    GetOrder,
    MoveOrder,
    OnRemoval,
    OrderStatus,
    PartRequest,
    RemoveLine,
    RequestParts,
)
from tests.flows.histories.station import Station
from tests.support.histories import action

MOVES: tuple[OrderStatus, ...] = ("in_progress", "in_progress", "done", "done", "cancelled")
REMOVALS: tuple[OnRemoval, ...] = ("return", "write_off")


class Counter(Station):
    """Orders, from their opening to their end."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.orders: list[UUID] = []

    @action(6)
    async def an_order_is_opened(self) -> None:
        self.orders.append(
            await self.made(
                CreateOrder(
                    client_id=self.one_of(self.clients),
                    section_id=self.section,
                    employee_id=self.mechanic,
                )
            )
        )

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
            product_id = self.one_of(self.products)
            line = PartRequest(product_id=product_id, quantity=self.amount(), kind="product")
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

    async def _a_line(self) -> tuple[UUID, UUID] | None:
        """An order, and a line of it."""
        order_id = self.recent(self.orders)
        if order_id is None:
            return None
        view = await self.business.ask(GetOrder(order_id=order_id))
        lines = [*view.services, *view.products, *view.materials]
        return (order_id, self.one_of(lines).id) if lines else None


class Till(Counter):
    """Money, taken and given back."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.payments: list[UUID] = []

    @action(8)
    async def somebody_pays(self) -> None:
        names_it = self.chance(0.8)
        payment = await self.send(
            TakePayment(
                order_id=self.recent(self.orders) if names_it else None,
                customer_id=self.one_of(self.clients),
                amount=self.money(),
                method=self.one_of(("cash", "card")),
            )
        )
        if payment:
            self.payments.append(payment.id)

    @action(3)
    async def money_goes_back(self) -> None:
        if payment_id := self.recent(self.payments):
            amount = self.one_of((None, self.money()))
            await self.send(RefundPayment(payment_id=payment_id, amount=amount))
