"""Whole visits, as most of them are: somebody comes, a work is done, it is paid, or not."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from shared.contracts.finance import GetOrderProfit, TakePayment
from shared.contracts.orders import AddService, MoveOrder, PartRequest, RequestParts
from tests.flows.histories.counter import Till
from tests.support.histories import action

WAYS = (("orders",), ("inventory", "orders"), ("inventory", "orders", "finance"))
"""Who has heard of it when it is paid."""


class Visits(Till):
    """Most of what else is done is done to orders that are over."""

    @action(5)
    async def somebody_comes_and_goes(self) -> None:
        order_id = await self.opened()
        if order_id is None:
            return
        await self.send(
            AddService(order_id=order_id, name="Мойка", initial_price=self.money("100.00"))
        )
        if self.chance(0.3):
            line = PartRequest(
                product_id=self.one_of(self.products), quantity=self.amount(), kind="product"
            )
            await self.send(RequestParts(order_id=order_id, lines=(line,)))
            await self.business.drain(self.random, only=("inventory", "orders"))
        if self.chance(0.3):
            await self._pays(order_id, self.money())
        for to in ("in_progress", "done"):
            await self.send(MoveOrder.model_validate({"order_id": order_id, "to": to}))
        await self.business.drain(self.random, only=self.one_of(WAYS))
        if self.chance(0.6) and (due := await self.due(order_id)):
            await self._pays(order_id, due)

    @action(3)
    async def an_order_that_is_over_is_opened_again(self) -> None:
        """And done once more, dearer than it was."""
        if order_id := self.recent(self.orders):
            await self.send(MoveOrder(order_id=order_id, to="in_progress", reason="жалоба"))
            if self.chance(0.6):
                price = self.money()
                await self.send(AddService(order_id=order_id, name="Ещё", initial_price=price))
                await self.send(MoveOrder(order_id=order_id, to="done"))

    async def due(self, order_id: UUID) -> Decimal:
        """As finance says, which may not have heard of it."""
        if profit := await self.asked(GetOrderProfit(order_id=order_id)):
            due: Decimal = profit.due
            return due
        return Decimal(0)

    async def _pays(self, order_id: UUID, amount: Decimal) -> None:
        payment = await self.send(
            TakePayment(
                order_id=order_id,
                customer_id=await self.client_of(order_id),
                amount=amount,
                method=self.one_of(("cash", "card", "transfer")),
            )
        )
        if payment:
            self.payments.append(payment.id)
