"""Random lives of orders, payments and bonuses in the real tables: the purses stay true."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.base import Command, Event
from shared.contracts.bonus_rules import ChangeBonusSettings
from shared.contracts.bonuses import (
    AdjustBonuses,
    BonusAccrued,
    BonusSpent,
    ExpireBonuses,
    GetBonuses,
)
from shared.contracts.finance import (
    GetOrderProfit,
    OrderPaid,
    PaymentTaken,
    RefundPayment,
    TakePayment,
)
from shared.database import engine_for
from shared.ids import new_id
from shared.settings import ServiceSettings
from tests.finance.at_work import answer, check_books, in_one_transaction, job
from tests.finance.bonus_work import Orders, check_bonuses, rule, work_order
from tests.finance.builders import (
    NOON,
    client_created,
    order_completed,
    order_created,
    order_reopened,
    parts_issued,
    work,
)
from tests.support.histories import History, action, seeds

CENT = Decimal("0.01")
RULES = (
    rule("TotalMoney * 0.05", days_to_live=2, priority=1),
    rule("GroupTotal * 0.1", condition="TotalMoney > 100", cap_per_order="30", cap_per_month="60"),
    # Orders here have no goods: never reckoned, and never in the way.
    rule("first(Products).Total * 0.01"),
    rule("7.77", condition="TotalMoney > 300", exclusive=True, priority=200, days_to_live=1),
    rule("1000", priority=300),
)


class Garage(History):
    """Three orders of two clients, and all that is told of them."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(seed)
        url = database("finance")
        self.engine: AsyncEngine = engine_for(url)
        self.settings = ServiceSettings(service="finance", database_url=url)
        self.now = NOON
        self.clients = [new_id(), new_id()]
        self.orders = [new_id() for _ in range(3)]
        self.completions = [0, 0, 0]
        self.totals = [Decimal(0)] * 3
        self.is_done = [False] * 3
        self.stand_in = Orders()
        self.payments: list[UUID] = []
        self.news: list[OrderPaid] = []
        self.old_news: list[OrderPaid] = []
        self.accrued: list[tuple[UUID, int]] = []
        self.spent = 0

    async def history(self, steps: int) -> None:
        try:
            await self.open()
            await self.goes_on(steps)
            await self.ends()
        finally:
            await self.engine.dispose()

    async def open(self) -> None:
        await self.do(*map(client_created, self.clients))
        await self.do(*(order_created(one, self.client(n)) for n, one in enumerate(self.orders)))
        await self.do(*RULES, ChangeBonusSettings(max_share_percent=Decimal(40)))
        # Whatever comes now, comes upon orders that are done, and bonuses that can be spent.
        for slot in range(3):
            await self.finish(slot, Decimal("300.33") + slot, Decimal(100))
            await self.adjust(slot, Decimal("25.50"), slot + 1)

    async def do(self, *messages: Event | Command[Any]) -> None:
        self.now += timedelta(minutes=1)
        facts = await in_one_transaction(
            self.engine,
            self.settings,
            *(job(message, at=self.now) for message in messages),
            client=self.stand_in.client(),
        )
        for fact in facts:
            if isinstance(fact, PaymentTaken | BonusSpent):
                self.payments.append(fact.payment.id)
                self.spent += isinstance(fact, BonusSpent)
            elif isinstance(fact, OrderPaid):
                self.news.append(fact)
            elif isinstance(fact, BonusAccrued):
                self.accrued.append((fact.order_id, fact.completion))

    # --- what happens ----------------------------------------------------------------------------

    @action(6)
    async def an_order_is_done(self) -> None:
        await self.finish(self.slot(), self.money("80.00", "400.00"), self.money("0.01", "400.00"))

    @action(8)
    async def an_order_is_paid_up(self) -> None:
        """All that is due; with bonuses first, as far as they may and as they are there."""
        slot = self.slot()
        client_id, order_id = self.client(slot), self.orders[slot]
        if self.chance(0.7):
            bonuses = await self.ask(GetBonuses(client_id=client_id))
            most = (self.totals[slot] * 40 / 100).quantize(CENT, ROUND_DOWN)
            if (share := min(bonuses.balance, most)) > 0:
                await self.pay(slot, share, "bonus", True)
        profit = await self.ask(GetOrderProfit(order_id=order_id))
        if profit.due:
            await self.pay(slot, profit.due, "card", True)
        if self.chance(0.7):
            await self.hear(-1)

    @action(2)
    async def an_order_is_reopened(self) -> None:
        await self.reopen(self.slot())

    @action(3)
    async def somebody_pays(self) -> None:
        amount = self.one_of((Decimal(400), Decimal(37), Decimal(1)))
        method = self.one_of(("cash", "card", "bonus", "bonus"))
        await self.pay(self.slot(), amount, method, self.chance(0.5))

    @action(3)
    async def somebody_pays_by_bonuses(self) -> None:
        await self.pay(self.slot(), self.money("0.01", "60.00"), "bonus", True)

    @action(4)
    async def money_goes_back(self) -> None:
        if self.payments:
            amount = self.one_of((None, self.money("0.01", "400.00")))
            payment_id = self.one_of(self.payments)
            await self.do(RefundPayment(payment_id=payment_id, amount=amount))

    @action(3)
    async def news_is_heard(self) -> None:
        """Some that is under way, in no order."""
        await self.hear(self.random.randrange(6))

    @action(2)
    async def news_is_heard_again(self) -> None:
        if self.old_news:
            await self.do(self.one_of(self.old_news))

    @action(3)
    async def bonuses_are_granted_or_taken(self) -> None:
        amount = self.money("0.01", "90.00") * self.one_of((1, 1, -1))
        await self.adjust(self.slot(), amount, self.random.randint(1, 3))

    @action(2)
    async def days_pass(self) -> None:
        self.now += timedelta(days=self.random.randint(0, 2))

    @action(2)
    async def bonuses_expire(self) -> None:
        await self.do(ExpireBonuses())

    async def finish(self, slot: int, total: Decimal, cost: Decimal) -> None:
        await self.reopen(slot)
        self.completions[slot] += 1
        self.is_done[slot] = True
        self.totals[slot] = total
        order, client, number = self.orders[slot], self.client(slot), self.completions[slot]
        self.stand_in.known[order] = work_order(
            order, client, total, completion=number, completed_at=self.now
        )
        completed = order_completed(
            order, client, number, services=(work(total, "30"),), completed_at=self.now
        )
        await self.do(completed, parts_issued(order, cost, number))

    async def reopen(self, slot: int) -> None:
        if self.is_done[slot]:
            self.is_done[slot] = False
            self.totals[slot] = Decimal(0)
            await self.do(order_reopened(self.orders[slot], self.completions[slot]))

    async def pay(self, slot: int, amount: Decimal, method: str, names_it: bool) -> None:
        order_id = self.orders[slot] if names_it else None
        paid = {"order_id": order_id, "amount": amount, "method": method}
        await self.do(TakePayment.model_validate({"customer_id": self.client(slot), **paid}))

    async def hear(self, which: int) -> None:
        if self.news:
            event = self.news.pop(which % len(self.news))
            self.old_news.append(event)
            await self.do(event)

    async def adjust(self, slot: int, amount: Decimal, days: int) -> None:
        await self.do(
            AdjustBonuses(
                client_id=self.client(slot), amount=amount, reason="Подарок", days_to_live=days
            )
        )

    def slot(self) -> int:
        return self.random.randrange(3)

    def client(self, slot: int) -> UUID:
        return self.clients[slot % 2]

    async def ask(self, question: Any) -> Any:
        return await answer(self.engine, self.settings, question, now=self.now)

    # --- what is always true, and in the end -----------------------------------------------------

    async def holds(self) -> None:
        await check_bonuses(self.engine)

    async def ends(self) -> None:
        while self.news:
            await self.hear(0)
        await check_books(self.engine)
        await check_bonuses(self.engine)
        await self._balances_are_what_is_said()
        assert len(self.accrued) == len(set(self.accrued))

    async def _balances_are_what_is_said(self) -> None:
        """What the answer says is what one may spend: also while the clockwork is late."""
        said = {}
        for client_id in self.clients:
            view = await self.ask(GetBonuses(client_id=client_id, limit=200))
            assert all(lot.expires_at > self.now and lot.amount > 0 for lot in view.expiring)
            said[client_id] = view.balance
        await self.do(ExpireBonuses())
        for client_id in self.clients:
            view = await self.ask(GetBonuses(client_id=client_id, limit=200))
            assert view.balance == said[client_id]
            assert view.balance == sum(movement.amount for movement in view.items)


@pytest.mark.parametrize("seed", seeds(6))
async def test_purses_are_true_after_any_history(seed: int, database: Callable[[str], str]) -> None:
    garage = Garage(database, seed)
    await garage.history(steps=50)
    assert garage.accrued
    assert garage.spent
