"""Random days in the real tables: the ledger, what stands beside it and all reports agree."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.base import Command, Event, Period
from shared.contracts.finance import (
    GetBalance,
    GetOrderProfit,
    IncomeExpense,
    IncomeExpenses,
    ListRecords,
    OrderProfits,
    PaymentRefunded,
    PaymentTaken,
    RecordExpense,
    RefundPayment,
    TakePayment,
)
from shared.contracts.taxes import SetVatRates, VatRate, VatReport
from shared.database import engine_for
from shared.ids import new_id
from shared.messaging.jobs import Job
from shared.settings import ServiceSettings
from tests.finance.at_work import answer, check_books, in_one_transaction, job
from tests.finance.builders import (
    NOON,
    client_created,
    order_completed,
    order_created,
    order_reopened,
    parts_issued,
    work,
)
from tests.finance.period_reports_at_work import (
    HERE,
    fold_all,
    places_agree,
    statements_agree,
    sums_are_right,
)

CENT = Decimal("0.01")
amounts = st.decimals("0.01", "5000", places=2)
percents = st.decimals(0, 100, places=2)
slots = st.integers(0, 3)
"""Orders of two clients, and the payments taken so far."""


@dataclass
class Settled:
    """What a settlement has to come to, reckoned here anew."""

    at: datetime
    order_id: UUID
    revenue: Decimal
    margin: Decimal
    vat: Decimal
    reversed_at: datetime | None = None


RATES = (
    VatRate(since=date(2024, 3, 4), percent=Decimal(20)),
    VatRate(since=date(2024, 3, 5), percent=Decimal("22.5")),
    VatRate(since=date(2024, 3, 7), percent=None),
)
"""The days of a history begin on the fourth of March at noon."""


def vat_of(at: datetime, *lines: Decimal) -> Decimal:
    """Reckoned here anew, line by line, by the day in Moscow."""
    day = (at + timedelta(hours=3)).date()
    percent = next((rate.percent for rate in reversed(RATES) if rate.since <= day), None)
    if percent is None:
        return Decimal(0)
    shares = (line - line / (1 + percent / 100) for line in lines)
    return sum((share.quantize(CENT, ROUND_HALF_UP) for share in shares), Decimal(0))


MOSCOW = ZoneInfo("Europe/Moscow")
STRETCHES = [
    Period(start=datetime(*first, tzinfo=MOSCOW), end=datetime(*end, tzinfo=MOSCOW))
    for first, end in (
        ((2024, 1, 1), (2025, 1, 1)),
        ((2024, 1, 1), (2024, 4, 1)),
        ((2024, 3, 1), (2024, 4, 1)),
    )
]
"""A year, a quarter and a month, which are one sum each."""


class Station:
    """A station's days, and what its books have to say of them."""

    def __init__(self, engine: AsyncEngine, database_url: str) -> None:
        self.engine = engine
        self.settings = ServiceSettings(service="finance", database_url=database_url)
        self.now = NOON
        self.clients = [new_id(), new_id()]
        self.orders = [new_id() for _ in range(4)]
        self.completions = [0, 0, 0, 0]
        self.settled: list[Settled] = []
        self.waiting: list[Job] = []
        self.payments: list[UUID] = []
        self.balance = dict.fromkeys(self.clients, Decimal(0))

    def client(self, slot: int) -> UUID:
        return self.clients[slot % 2]

    def send(self, *messages: Event | Command[Any]) -> None:
        self.waiting += [job(message, at=self.now) for message in messages]

    def open(self) -> None:
        self.send(SetVatRates(regime="vat", rates=RATES))
        self.send(*map(client_created, self.clients))
        self.send(*(order_created(order, self.client(n)) for n, order in enumerate(self.orders)))

    async def commit(self) -> None:
        """Everything sent since the last time, in one transaction."""
        facts = await in_one_transaction(self.engine, self.settings, *self.waiting)
        self.waiting = []
        for fact in facts:
            if isinstance(fact, PaymentTaken):
                self.payments.append(fact.payment.id)
                self.balance[fact.payment.customer_id] -= fact.payment.amount
            elif isinstance(fact, PaymentRefunded):
                self.balance[fact.payment.customer_id] += fact.amount

    # --- what happens; each after so many hours ---

    async def finish(
        self, slot: int, works: Decimal, percent: Decimal, products: Decimal, cost: Decimal
    ) -> None:
        """The order is done; if it was done before, it was reopened first."""
        await self.reopen(slot)
        order, self.completions[slot] = self.orders[slot], self.completions[slot] + 1
        completed = order_completed(
            order,
            self.client(slot),
            self.completions[slot],
            services=(work(works, percent),),
            products=products,
            completed_at=self.now,
        )
        self.send(completed, parts_issued(order, cost, self.completions[slot]))
        pay = (works * percent / 100).quantize(CENT, ROUND_HALF_UP)
        revenue = works + products
        vat = vat_of(self.now, works, products)
        margin = revenue - vat - cost - pay
        self.settled.append(Settled(self.now, order, revenue, margin, vat))
        self.balance[self.client(slot)] += revenue

    async def reopen(self, slot: int) -> None:
        for settled in self.settled:
            if settled.order_id == self.orders[slot] and not settled.reversed_at:
                settled.reversed_at = self.now
                self.balance[self.client(slot)] -= settled.revenue
                self.send(order_reopened(settled.order_id, self.completions[slot]))

    async def pay(self, slot: int, amount: Decimal, names_order: bool) -> None:
        order = self.orders[slot] if names_order else None
        self.send(
            TakePayment(customer_id=self.client(slot), order_id=order, amount=amount, method="card")
        )

    async def refund(self, which: int, amount: Decimal) -> None:
        await self.commit()
        if self.payments:
            payment_id = self.payments[which % len(self.payments)]
            self.send(RefundPayment(payment_id=payment_id, amount=amount))

    async def spend(self, amount: Decimal, category: str) -> None:
        self.send(RecordExpense(amount=amount, category=category))


happenings = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.booleans(),
        st.one_of(
            st.tuples(st.just(Station.finish), slots, amounts, percents, amounts, amounts),
            st.tuples(st.just(Station.reopen), slots),
            st.tuples(st.just(Station.pay), slots, amounts, st.booleans()),
            st.tuples(st.just(Station.refund), slots, amounts),
            st.tuples(st.just(Station.spend), amounts, st.sampled_from(["Аренда", "orders"])),
        ),
    ),
    max_size=25,
)
border_hours = st.tuples(st.none() | st.integers(0, 60), st.none() | st.integers(0, 60))


def a_few(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        # A failing history is shown as it is: making it smaller would take a database per attempt.
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


@asynccontextmanager
async def lived_through(
    url: str, happened: list[tuple[int, bool, tuple[Any, ...]]]
) -> AsyncIterator[Station]:
    """A station after a history, of which some is folded: reports count the rest themselves."""
    engine = engine_for(url)
    try:
        station = Station(engine, url)
        station.open()
        for later, commits, (act, *arguments) in happened:
            station.now += timedelta(hours=later)
            await act(station, *arguments)
            if commits:
                await station.commit()
                await fold_all(engine, station.settings, limit=3)
        await station.commit()
        yield station
    finally:
        await engine.dispose()


@a_few(25)
@given(happened=happenings, hours=border_hours)
def test_all_reports_agree_after_any_history(
    database: Callable[[str], str],
    happened: list[tuple[int, bool, tuple[Any, ...]]],
    hours: tuple[int | None, int | None],
) -> None:
    async def live() -> None:
        async with lived_through(database("finance"), happened) as station:
            await check_books(station.engine)
            await balances_are_what_was_charged_less_what_was_paid(station)
            start, end = borders(hours)
            await reports_agree(station, Period())
            await reports_agree(station, Period(start=start, end=end))

    asyncio.run(live())


@a_few(8)
@given(happened=happenings, hours=border_hours, stretch=st.sampled_from(STRETCHES))
def test_margin_is_one_sum_whatever_it_is_split_by(
    database: Callable[[str], str],
    happened: list[tuple[int, bool, tuple[Any, ...]]],
    hours: tuple[int | None, int | None],
    stretch: Period,
) -> None:
    async def live() -> None:
        async with lived_through(database("finance"), happened) as station:
            start, end = borders(hours)
            period = Period(start=start, end=end)
            await statements_agree(station.engine, station.settings, period, **HERE)
            await places_agree(station.engine, station.settings, stretch)
            await fold_all(station.engine, station.settings)
            await sums_are_right(station.engine, station.settings)

    asyncio.run(live())


async def balances_are_what_was_charged_less_what_was_paid(station: Station) -> None:
    for client, owes in station.balance.items():
        account = await answer(station.engine, station.settings, GetBalance(client_id=client))
        assert account.owes == owes
    standing = {known.order_id: known for known in station.settled if not known.reversed_at}
    for order in station.orders:
        profit = await answer(station.engine, station.settings, GetOrderProfit(order_id=order))
        assert profit.settled == (order in standing)
        if profit.settled:
            assert profit.revenue == standing[order].revenue
            assert profit.paid + profit.due == profit.revenue
            assert profit.vat == standing[order].vat
            assert profit.margin == standing[order].margin


async def reports_agree(station: Station, period: Period) -> None:
    """Of one period: what was earned is the same number wherever it is looked at."""
    settled = [known for known in station.settled if within(known.at, period)]
    undone = [
        known
        for known in station.settled
        if known.reversed_at and within(known.reversed_at, period)
    ]
    rows = await answer(station.engine, station.settings, IncomeExpenses(period=period))
    earned = sum(
        row.amount if row.type == "income" else -row.amount
        for row in rows.items
        if row.type == "income" or row.category in ("cost_of_goods", "pay", "vat")
    )
    assert earned == sum(known.margin for known in settled) - sum(known.margin for known in undone)

    profits = await answer(station.engine, station.settings, OrderProfits(period=period))
    standing = [known for known in settled if not known.reversed_at]
    assert [(row.settled_at, row.order_id, row.margin) for row in profits.items] == sorted(
        (known.at, known.order_id, known.margin) for known in standing
    )
    if not any(known.reversed_at for known in settled) and not undone:
        assert sum(row.margin for row in profits.items) == earned

    report = await answer(station.engine, station.settings, VatReport(period=period))
    charged = sum(known.vat for known in settled) - sum(known.vat for known in undone)
    assert sum(row.amount for row in rows.items if row.category == "vat") == charged
    sold = [row for row in report.items if row.line == "output"]
    assert sum(row.vat for row in sold) == charged
    came, went = (
        sum(row.vat for row in report.items if row.line == line)
        for line in ("advances", "advances_back")
    )
    assert report.items[-1].vat == charged + came - went
    income = sum(row.amount for row in rows.items if row.type == "income")
    assert sum((row.base or 0) + row.vat for row in sold) == income

    records = await answer(
        station.engine,
        station.settings,
        ListRecords(start=period.start, end=period.end, limit=200),
    )
    listed: defaultdict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for record in records.items:
        listed[record.type, record.category].append(record.amount)
    assert len(listed["income", "orders"]) == len(settled) + len(undone)
    reported: defaultdict[tuple[str, str], list[IncomeExpense]] = defaultdict(list)
    for row in rows.items:
        if row.category not in ("cost_of_goods", "pay", "vat"):
            reported[row.type, row.category].append(row)
    for key, some in reported.items():
        assert sum(row.amount for row in some) == sum(listed[key])
        assert sum(row.records for row in some) == len(listed[key])
    assert {key for key, some in listed.items() if some} == reported.keys()


def borders(hours: tuple[int | None, int | None]) -> tuple[datetime | None, datetime | None]:
    start, end = (None if hour is None else NOON + timedelta(hours=hour) for hour in hours)
    return (end, start) if start and end and end < start else (start, end)


def within(at: datetime, period: Period) -> bool:
    return (period.start is None or period.start <= at) and (period.end is None or at < period.end)
