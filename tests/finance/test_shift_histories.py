"""Random days at two cash boxes in the real tables: whatever happens in whatever order, a box has
the sum of its postings, and Z reports share out its movements without rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.finance.store.schema import entries, postings
from shared.contracts.base import Command, Event
from shared.contracts.finance import (
    GetPayment,
    PaymentRefunded,
    PaymentTaken,
    RecordExpense,
    RefundPayment,
    TakePayment,
)
from shared.contracts.till import (
    CashMoved,
    ChangeTillSettings,
    CloseShift,
    CreateCashBox,
    GetXReport,
    GetZReport,
    ListCashBoxes,
    ListShifts,
    MoveCash,
    OpenShift,
    ShiftClosed,
    ShiftOpened,
    ShiftReport,
)
from shared.database import engine_for
from shared.ids import new_id
from shared.settings import ServiceSettings
from tests.finance.at_work import answer, check_books, in_one_transaction, job
from tests.finance.builders import NOON, client_created
from tests.support.histories import History, action, seeds

METHODS = ("cash", "card", "transfer")
MONEY = {"cash": "cash", "card": "card", "bank": "transfer"}
COUNTED = ("cash_opening", "cash_shortage", "cash_surplus")


class Till(History):
    """What is known besides the tables: which shift is open, and the Z reports as they were."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(seed)
        url = database("finance")
        self.engine: AsyncEngine = engine_for(url)
        self.settings = ServiceSettings(service="finance", database_url=url)
        self.now = NOON
        self.client = new_id()
        self.boxes: list[UUID] = []
        self.open: dict[UUID, UUID] = {}
        self.frozen: dict[UUID, ShiftReport] = {}
        self.payments: list[UUID] = []

    async def history(self, steps: int) -> None:
        try:
            await self._together(client_created(self.client))
            await self.send(CreateCashBox(name="Вторая"))
            self.boxes = [box.id for box in (await self.ask(ListCashBoxes())).items]
            assert len(self.boxes) == 2
            await self.goes_on(steps)
        finally:
            await self.engine.dispose()

    async def send(self, *commands: Command[Any]) -> list[Event]:
        """In one transaction; what came of it. A refusal changes nothing."""
        self.now += timedelta(minutes=1)
        facts = await self._together(*commands)
        for fact in facts:
            if isinstance(fact, PaymentTaken):
                self.payments.append(fact.payment.id)
            elif isinstance(fact, ShiftOpened):
                self.open[fact.shift.cash_box_id] = fact.shift.id
            elif isinstance(fact, ShiftClosed):
                self.frozen[fact.report.shift_id] = fact.report
                assert self.open.pop(fact.report.cash_box_id) == fact.report.shift_id
        return facts

    async def _together(self, *messages: Event | Command[Any]) -> list[Event]:
        jobs = [job(message, at=self.now) for message in messages]
        return await in_one_transaction(self.engine, self.settings, *jobs)

    async def ask(self, question: Any) -> Any:
        return await answer(self.engine, self.settings, question)

    # --- what happens ----------------------------------------------------------------------------

    @action(5)
    async def opens(self) -> None:
        box = self.one_of(self.boxes)
        was_open = box in self.open
        facts = await self.send(OpenShift(cash_box_id=box, counted=self.money("0.00")))
        assert any(isinstance(fact, ShiftOpened) for fact in facts) == (not was_open)

    @action(4)
    async def closes(self) -> None:
        """In one transaction with a payment before it and one after it, and another close."""
        box = self.recent(sorted(self.open))
        if box is None:
            return
        close = CloseShift(shift_id=self.open[box], counted=self.money("0.00", "2000.00"))
        pay = TakePayment(
            customer_id=self.client, amount=Decimal(3), method="cash", cash_box_id=box
        )
        facts = await self.send(pay, close, pay, close)
        kinds = Counter(type(fact) for fact in facts)
        assert (kinds[ShiftClosed], kinds[PaymentTaken]) == (1, 1)

    @action(4)
    async def pays(self) -> None:
        paid = {"amount": self.money("0.01"), "method": self.one_of(METHODS)}
        await self.send(TakePayment.model_validate({"customer_id": self.client, **paid}))

    @action(3)
    async def refunds(self) -> None:
        payment = self.recent(self.payments)
        if payment is None:
            return
        amount = self.money("0.01")
        left = await self.ask(GetPayment(payment_id=payment))
        facts = await self.send(RefundPayment(payment_id=payment, amount=amount))
        taken = any(isinstance(fact, PaymentRefunded) for fact in facts)
        assert not taken or amount <= left.amount - left.refunded

    @action(2)
    async def spends(self) -> None:
        spent = {"amount": self.money("0.01"), "method": self.one_of(METHODS)}
        await self.send(RecordExpense.model_validate({"category": "Чай", **spent}))

    @action(4)
    async def moves_cash(self) -> None:
        box = self.one_of(self.boxes)
        move = {
            "cash_box_id": box,
            "amount": self.money("0.01"),
            "direction": self.one_of(("in", "out")),
            "party": self.one_of(("bank", "owner", "cash_box")),
        }
        facts = await self.send(MoveCash.model_validate(move))
        if box not in self.open:
            assert not any(isinstance(fact, CashMoved) for fact in facts)

    @action(1)
    async def asks_for_shifts(self) -> None:
        await self.send(ChangeTillSettings(shift_required=self.chance(0.5)))

    # --- what is always true ---------------------------------------------------------------------

    async def holds(self) -> None:
        await self._every_box_has_the_sum_of_its_postings()
        await self._z_reports_stay_as_they_were()
        await check_books(self.engine)

    async def _every_box_has_the_sum_of_its_postings(self) -> None:
        cash, by_shift = await self._postings()
        carried: dict[UUID, Decimal] = {}
        listed = (await self.ask(ListShifts(limit=200))).items
        shifts = sorted(listed, key=lambda one: one.number)
        assert {one.cash_box_id: one.id for one in shifts if not one.closed_at} == self.open
        numbers: Counter[UUID] = Counter()
        for shift in shifts:
            numbers[shift.cash_box_id] += 1
            assert shift.number == numbers[shift.cash_box_id]
            before = carried.get(shift.cash_box_id, Decimal(0))
            has = before + cash[shift.id]
            assert shift.opening == before + shift.opening_difference
            if shift.closed_at is None:
                assert shift.expected == has >= 0
            else:
                assert shift.counted == has == shift.expected + shift.difference
            carried[shift.cash_box_id] = has
            report = await self.ask(GetXReport(shift_id=shift.id))
            assert report.opening + report.movements == report.expected == shift.expected
            assert shares_of(report) == by_shift[shift.id]

    async def _z_reports_stay_as_they_were(self) -> None:
        for shift_id, report in self.frozen.items():
            assert await self.ask(GetZReport(shift_id=shift_id)) == report
            now = await self.ask(GetXReport(shift_id=shift_id))
            assert now.model_dump() == report.model_copy(update={"kind": "x"}).model_dump()

    async def _postings(self) -> tuple[Counter[UUID], dict[UUID, Counter[tuple[str, str]]]]:
        """By shift: its cash, and what came and went by kind and method, counts left out."""
        cash: Counter[UUID] = Counter()
        by_shift: dict[UUID, Counter[tuple[str, str]]] = {}
        async with self.engine.connect() as connection:
            statement = select(entries.c.shift_id, entries.c.kind, postings).join(
                postings, postings.c.entry_id == entries.c.id
            )
            for row in await connection.execute(statement.where(entries.c.shift_id.is_not(None))):
                moved = by_shift.setdefault(row.shift_id, Counter())
                for account, amount in ((row.debit, row.amount), (row.credit, -row.amount)):
                    if account == "cash":
                        cash[row.shift_id] += amount
                    is_other_side = row.kind in ("cash_in", "cash_out") and account != "cash"
                    if account in MONEY and row.kind not in COUNTED and not is_other_side:
                        moved[row.kind, MONEY[account]] += amount
        return cash, {shift: by_shift.get(shift, Counter()) for shift in self._all_shifts(by_shift)}

    def _all_shifts(self, found: dict[UUID, Any]) -> set[UUID]:
        return {*found, *self.frozen, *self.open.values()}


def shares_of(report: ShiftReport) -> Counter[tuple[str, str]]:
    """What a report says came (or went, below zero), by kind and method."""
    shares: Counter[tuple[str, str]] = Counter()
    for kind, sums, sign in (
        ("payment", report.receipts, 1),
        ("refund", report.refunds, -1),
        ("expense", report.expenses, -1),
    ):
        for one in sums:
            shares[kind, one.method] += sign * one.amount  # type: ignore[assignment]
    if report.cash_in:
        shares["cash_in", "cash"] += report.cash_in  # type: ignore[assignment]
    if report.cash_out:
        shares["cash_out", "cash"] -= report.cash_out  # type: ignore[assignment]
    return shares


@pytest.mark.parametrize("seed", seeds(4))
async def test_boxes_and_reports_are_true_after_any_history(
    seed: int, database: Callable[[str], str]
) -> None:
    till = Till(database, seed)
    await till.history(steps=40)
    assert till.frozen
    assert len(till.payments) > 3
