"""Random lives of orders, payments and bonuses in the real tables: the purses stay true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
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

CENT = Decimal("0.01")
amounts = st.decimals("0.01", "400", places=2)
totals = st.decimals("80", "400", places=2)
slots = st.integers(0, 2)
RULES = (
    rule("TotalMoney * 0.05", days_to_live=2, priority=1),
    rule("GroupTotal * 0.1", condition="TotalMoney > 100", cap_per_order="30", cap_per_month="60"),
    # Orders here have no goods: never reckoned, and never in the way.
    rule("first(Products).Total * 0.01"),
    rule("7.77", condition="TotalMoney > 300", exclusive=True, priority=200, days_to_live=1),
    rule("1000", priority=300),
)


@dataclass
class Garage:
    """Three orders of two clients, and all that is told of them."""

    engine: AsyncEngine
    settings: ServiceSettings
    now: datetime = NOON
    clients: list[UUID] = field(default_factory=lambda: [new_id(), new_id()])
    orders: list[UUID] = field(default_factory=lambda: [new_id() for _ in range(3)])
    completions: list[int] = field(default_factory=lambda: [0, 0, 0])
    totals: list[Decimal] = field(default_factory=lambda: [Decimal(0)] * 3)
    is_done: list[bool] = field(default_factory=lambda: [False] * 3)
    stand_in: Orders = field(default_factory=Orders)
    payments: list[UUID] = field(default_factory=list)
    news: list[OrderPaid] = field(default_factory=list)
    old_news: list[OrderPaid] = field(default_factory=list)
    accrued: list[tuple[UUID, int]] = field(default_factory=list)

    def client(self, slot: int) -> UUID:
        return self.clients[slot % 2]

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
            elif isinstance(fact, OrderPaid):
                self.news.append(fact)
            elif isinstance(fact, BonusAccrued):
                self.accrued.append((fact.order_id, fact.completion))

    async def open(self) -> None:
        await self.do(*map(client_created, self.clients))
        await self.do(*(order_created(one, self.client(n)) for n, one in enumerate(self.orders)))
        await self.do(*RULES, ChangeBonusSettings(max_share_percent=Decimal(40)))
        # Whatever comes now, comes upon orders that are done, and bonuses that can be spent.
        for slot in range(3):
            await self.finish(slot, Decimal("300.33") + slot, Decimal(100))
            await self.adjust(slot, Decimal("25.50"), slot + 1)

    # --- what happens ---

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
        await self.do(
            TakePayment(
                order_id=self.orders[slot] if names_it else None,
                customer_id=self.client(slot),
                amount=amount,
                method=method,
            )
        )

    async def pay_up(self, slot: int, with_bonuses: bool, heard: bool) -> None:
        """All that is due; bonuses first, as far as they may and as they are there."""
        client_id, order_id = self.client(slot), self.orders[slot]
        if with_bonuses:
            bonuses = await answer(
                self.engine, self.settings, GetBonuses(client_id=client_id), now=self.now
            )
            most = (self.totals[slot] * 40 / 100).quantize(CENT, ROUND_DOWN)
            if (share := min(bonuses.balance, most)) > 0:
                await self.pay(slot, share, "bonus", True)
        profit = await answer(self.engine, self.settings, GetOrderProfit(order_id=order_id))
        if profit.due:
            await self.pay(slot, profit.due, "card", True)
        if heard:
            await self.hear(-1)

    async def refund(self, which: int, amount: Decimal | None) -> None:
        if self.payments:
            payment_id = self.payments[which % len(self.payments)]
            await self.do(RefundPayment(payment_id=payment_id, amount=amount))

    async def hear(self, which: int) -> None:
        """Some news that is under way arrives, in no order."""
        if self.news:
            event = self.news.pop(which % len(self.news))
            self.old_news.append(event)
            await self.do(event)

    async def hear_again(self, which: int) -> None:
        if self.old_news:
            await self.do(self.old_news[which % len(self.old_news)])

    async def adjust(self, slot: int, amount: Decimal, days: int) -> None:
        await self.do(
            AdjustBonuses(
                client_id=self.client(slot), amount=amount, reason="Подарок", days_to_live=days
            )
        )

    async def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    async def expire(self) -> None:
        await self.do(ExpireBonuses())


happenings = st.lists(
    st.one_of(
        st.tuples(st.just(Garage.finish), slots, totals, amounts),
        st.tuples(st.just(Garage.pay_up), slots, st.booleans(), st.booleans()),
        st.tuples(st.just(Garage.pay_up), slots, st.just(True), st.just(True)),
        st.tuples(st.just(Garage.reopen), slots),
        st.tuples(
            st.just(Garage.pay), slots, st.sampled_from([Decimal(400), Decimal(37), Decimal(1)]),
            st.sampled_from(["cash", "card", "bonus", "bonus"]), st.booleans(),
        ),
        st.tuples(st.just(Garage.pay), slots, amounts, st.just("bonus"), st.just(True)),
        st.tuples(st.just(Garage.refund), st.integers(0, 20), st.none() | amounts),
        st.tuples(st.just(Garage.hear), st.integers(0, 5)),
        st.tuples(st.just(Garage.hear_again), st.integers(0, 5)),
        st.tuples(
            st.just(Garage.adjust), slots,
            st.decimals("-60", "90", places=2), st.integers(1, 3),
        ),
        st.tuples(st.just(Garage.wait), st.integers(0, 2)),
        st.tuples(st.just(Garage.expire)),
    ),
    min_size=20,
    max_size=45,
)  # fmt: skip


@settings(
    max_examples=25,
    deadline=None,
    # A failing history is shown as it is: making it smaller would take a database per attempt.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(happened=happenings)
def test_purses_are_true_after_any_history(
    database: Callable[[str], str], happened: list[tuple[Any, ...]]
) -> None:
    async def live() -> None:
        url = database("finance")
        engine = engine_for(url)
        try:
            garage = Garage(engine, ServiceSettings(service="finance", database_url=url))
            await garage.open()
            for act, *arguments in happened:
                await act(garage, *arguments)
                await check_bonuses(engine)
            while garage.news:
                await garage.hear(0)
            await check_books(engine)
            await check_bonuses(engine)
            await _balances_are_what_is_said(garage)
            assert len(garage.accrued) == len(set(garage.accrued))
        finally:
            await engine.dispose()

    asyncio.run(live())


async def _balances_are_what_is_said(garage: Garage) -> None:
    """What the answer says is what one may spend: also while the clockwork is late."""
    said = {}
    for client_id in garage.clients:
        question = GetBonuses(client_id=client_id, limit=200)
        view = await answer(garage.engine, garage.settings, question, now=garage.now)
        assert all(lot.expires_at > garage.now and lot.amount > 0 for lot in view.expiring)
        said[client_id] = view.balance
    await garage.do(ExpireBonuses())
    for client_id in garage.clients:
        question = GetBonuses(client_id=client_id, limit=200)
        view = await answer(garage.engine, garage.settings, question, now=garage.now)
        assert view.balance == said[client_id]
        assert view.balance == sum(movement.amount for movement in view.items)
