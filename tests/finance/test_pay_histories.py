"""Whatever happens to orders, shares and payouts, however often and late it is told: what is always
true of the pay of people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.finance.store.schema import entries, postings
from shared.contracts.base import Event, Period
from shared.contracts.finance import GetOrderProfit
from shared.contracts.orders import Earner
from shared.contracts.pay_rules import CreatePayRule
from shared.contracts.payroll import (
    AccrueSalaries,
    AdjustPay,
    ClosePayroll,
    GetEmployeePay,
    PayAccrued,
    PayOut,
    PayoutLine,
    PayRecorded,
    PayrollReopened,
    ReopenPayroll,
    ReversePay,
)
from shared.ids import id_of, new_id
from tests.finance.at_work import check_books, rows_of
from tests.finance.builders import (
    NOON,
    order_completed,
    order_created,
    order_reopened,
    parts_issued,
)
from tests.finance.pay_work import (
    IVANOV,
    PETROV,
    SIDOROV,
    Office,
    check_pay,
    earner,
    shared_work,
)
from tests.support.histories import History, action, seeds

CLIENT = id_of("client")
PEOPLE = (IVANOV, PETROV, SIDOROV)
RULES = (
    CreatePayRule(kind="norm_hour", value=Decimal("333.33"), employee_id=PETROV),
    CreatePayRule(kind="per_order", value=Decimal("10.01"), role="advisor"),
    CreatePayRule(kind="goods_percent", value=Decimal("1.5")),
    CreatePayRule(kind="margin_percent", value=Decimal(7), employee_id=SIDOROV),
    CreatePayRule(kind="salary", value=Decimal(10_000), employee_id=SIDOROV, accrued="day"),
    CreatePayRule(kind="minimum", value=Decimal(5_000), employee_id=IVANOV),
)


class Workshop(History):
    """Three orders, three people, and all that is told of them."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(seed)
        self.office = Office(database("finance"), now=NOON)
        self.orders = [new_id() for _ in range(3)]
        self.completions = dict.fromkeys(self.orders, 0)
        self.told: list[Event] = []
        self.late: list[Event] = []
        self.undoable: list[UUID] = []
        self.accrued: list[tuple[UUID, int]] = []
        self.closings: dict[datetime, dict[UUID, Decimal]] = {}

    async def history(self, steps: int) -> None:
        try:
            await self.do(*(order_created(one, CLIENT) for one in self.orders))
            await self.do(*RULES, AccrueSalaries())
            await self.goes_on(steps)
            await self.ends()
        finally:
            await self.office.engine.dispose()

    async def do(self, *messages: Any) -> None:
        self.office.now += timedelta(minutes=1)
        for fact in await self.office.do(*messages):
            if isinstance(fact, PayRecorded) and fact.entry.reverses is None:
                self.undoable.append(fact.entry.id)
            elif isinstance(fact, PayAccrued):
                self.accrued.append((fact.order_id, fact.completion))
            elif isinstance(fact, PayrollReopened):
                since = self.midnight(fact.state.closed_until or date.min)
                self.closings = {at: each for at, each in self.closings.items() if at <= since}

    async def hear(self, *events: Event) -> None:
        """At once, but for what is late."""
        in_time = [event for event in events if self.chance(0.85)]
        self.late += (event for event in events if event not in in_time)
        self.told += in_time
        await self.do(*in_time)

    # --- what happens ----------------------------------------------------------------------------

    @action(9)
    async def an_order_is_done(self) -> None:
        """What the parts cost is heard before or after; what was done before is reopened first, and
        that is heard before or after, or not at all."""
        order, total = self.one_of(self.orders), self.money("0.01")
        reopened = order_reopened(order, self.completions[order])
        again = self.completions[order] > 0 and self.chance(0.8)
        self.completions[order] += 1
        number = self.completions[order]
        completed = order_completed(
            order,
            CLIENT,
            number,
            services=(shared_work(total, *self.performers(), labor_hours=Decimal("1.3")),),
            products=total,
            completed_at=self.office.now,
            responsible=earner(SIDOROV, role="advisor"),
        )
        news = [completed, parts_issued(order, total / 2, number), *([reopened] if again else ())]
        self.random.shuffle(news)
        await self.hear(*news)

    @action(3)
    async def an_order_is_reopened(self) -> None:
        order = self.one_of(self.orders)
        await self.hear(order_reopened(order, self.completions[order] or 1))

    @action(4)
    async def something_is_told_late(self) -> None:
        if self.late:
            event = self.late.pop(self.random.randrange(len(self.late)))
            self.told.append(event)
            await self.do(event)

    @action(4)
    async def something_is_told_again(self) -> None:
        if self.told:
            await self.do(self.one_of(self.told))

    @action(4)
    async def pay_is_adjusted(self) -> None:
        adjusted = {"kind": self.one_of(("bonus", "fine")), "amount": self.money("0.01")}
        who, reason = self.one_of(PEOPLE), "?"
        await self.do(AdjustPay.model_validate({"employee_id": who, "reason": reason, **adjusted}))

    @action(4)
    async def pay_goes_out(self) -> None:
        """Twice at once: a balance is never paid twice."""
        who, advance = self.one_of(PEOPLE), self.chance(0.5)
        line = PayoutLine(employee_id=who, amount=self.one_of((None, self.money("0.01"))))
        payout = PayOut(lines=(line,), method="cash", advance=advance)
        before = await self.balance(who)
        await self.do(payout, payout)
        if not advance:
            assert await self.balance(who) >= min(before, Decimal(0))

    @action(4)
    async def pay_is_undone(self) -> None:
        if self.undoable:
            undo = ReversePay(entry_id=self.one_of(self.undoable), reason="?")
            await self.do(undo, undo)

    @action(4)
    async def days_pass(self) -> None:
        days = self.random.randint(1, 20)
        self.office.now += timedelta(days=days)
        for _ in range(days + 1):
            await self.do(AccrueSalaries())

    @action(3)
    async def payroll_is_closed(self) -> None:
        today = self.today()
        await self.do(AccrueSalaries(), ClosePayroll(until=today))
        at = self.midnight(today)
        self.closings[at] = await self.closing(at)

    @action(1)
    async def payroll_is_opened_again(self) -> None:
        since = self.today() - timedelta(days=self.random.randint(1, 9))
        await self.do(ReopenPayroll(since=since, reason="?"))

    def performers(self) -> list[Earner]:
        weights = [self.random.randint(1, 5) for _ in range(self.random.randint(1, 3))]
        percents = [Decimal(100 * weight // sum(weights)) for weight in weights]
        percents[0] += 100 - sum(percents)
        return [
            earner(who, str(percent), "40") for who, percent in zip(PEOPLE, percents, strict=False)
        ]

    def today(self) -> date:
        return self.office.now.astimezone(self.office.settings.zone).date()

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.office.settings.zone)

    # --- what is asked ---------------------------------------------------------------------------

    async def balance(self, who: UUID) -> Decimal:
        view = await self.office.ask(GetEmployeePay(employee_id=who))
        balance: Decimal = view.balance
        return balance

    async def closing(self, end: datetime) -> dict[UUID, Decimal]:
        sheet = await self.office.sheet(period=Period(end=end))
        return {who: row.closing for who, row in sheet.items() if row.closing}

    # --- what is true in the end -----------------------------------------------------------------

    async def ends(self) -> None:
        await self.do(*self.late)
        await check_books(self.office.engine)
        await check_pay(self.office.engine)
        await sheets_are_the_ledger(self)
        await orders_pay_what_their_people_earn(self)
        await nothing_is_undone_twice(self)
        assert len(self.accrued) == len(set(self.accrued))
        for end, closing in self.closings.items():
            assert await self.closing(end) == closing


@pytest.mark.parametrize("seed", seeds(8))
async def test_pay_is_true_after_any_history(seed: int, database: Callable[[str], str]) -> None:
    workshop = Workshop(database, seed)
    await workshop.history(steps=40)
    assert workshop.accrued
    assert len(workshop.undoable) > 3


async def sheets_are_the_ledger(workshop: Workshop) -> None:
    """Whole, and cut in two at any moment: the second opens with what the first closes with."""
    owed: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for row in await rows_of(workshop.office.engine, postings):
        if row.employee_id:
            owed[row.employee_id] += row.amount if row.credit == "payroll.payable" else -row.amount
    sheet = await workshop.office.sheet()
    assert {who: row.closing for who, row in sheet.items() if row.closing} == {
        who: amount for who, amount in owed.items() if amount
    }
    cut = NOON + (workshop.office.now - NOON) / 2
    first = await workshop.closing(cut)
    rest = await workshop.office.sheet(period=Period(start=cut))
    assert {who: row.opening for who, row in rest.items() if row.opening} == first
    assert {who: row.closing for who, row in rest.items()} == {who: owed[who] for who in rest}
    for who in owed:
        view = await workshop.office.ask(GetEmployeePay(employee_id=who, limit=200))
        assert view.balance == owed[who]
        if view.next is None:
            assert sum(item.amount for item in view.items) == owed[who]


async def orders_pay_what_their_people_earn(workshop: Workshop) -> None:
    for order in workshop.orders:
        if any(order == known for known, _ in workshop.accrued):
            profit = await workshop.office.ask(GetOrderProfit(order_id=order))
            earned = [
                row.amount if row.credit == "payroll.payable" else -row.amount
                for row in await rows_of(workshop.office.engine, postings)
                if row.employee_id and row.order_id == order
            ]
            assert profit.pay == sum(earned)


async def nothing_is_undone_twice(workshop: Workshop) -> None:
    known = await rows_of(workshop.office.engine, entries)
    undone = Counter(row.reverses for row in known if row.reverses)
    assert all(times == 1 for times in undone.values())
