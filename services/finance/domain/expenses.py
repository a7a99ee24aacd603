"""Expenses: their categories, their storno, and the days on which recurring ones are due."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from services.finance.domain.decision import Decision
from services.finance.domain.ledger import (
    BOOKS_CATEGORIES,
    MONEY_ACCOUNTS,
    Entry,
    EntryKind,
    Stamp,
)
from shared.contracts.expenses import (
    Every,
    ExpenseCategoryView,
    ExpenseKind,
    ExpenseReversed,
    RecurringExpenseView,
    UpcomingExpense,
)
from shared.contracts.finance import MoneyMethod, RecordView
from shared.refusals import Refused

MONTHS: dict[Every, int] = {"month": 1, "quarter": 3}
WEEK = 7


@dataclass(frozen=True, slots=True)
class ExpenseCategory:
    """What money is spent on, in the station's own words."""

    id: UUID
    name: str
    kind: ExpenseKind
    active: bool
    revision: int
    created_at: datetime
    updated_at: datetime

    def view(self) -> ExpenseCategoryView:
        return ExpenseCategoryView.model_validate(self, from_attributes=True)


@dataclass(frozen=True, slots=True)
class Expense:
    """What is known of an expense besides its entry, whose id it has."""

    id: UUID
    category_id: UUID
    supplier_id: UUID | None = None
    recurring_id: UUID | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class RecurringExpense:
    """An expense that is due again and again. ``next_on``: the first day that is neither posted
    nor skipped; none: never again."""

    id: UUID
    name: str
    amount: Decimal
    category: str
    method: MoneyMethod
    every: Every
    day: int
    starts_on: date
    ends_on: date | None
    next_on: date | None
    paused: bool
    supplier_id: UUID | None
    comment: str | None
    revision: int
    created_at: datetime
    updated_at: datetime

    def view(self) -> RecurringExpenseView:
        return RecurringExpenseView.model_validate(self, from_attributes=True)

    def due_days(self, since: date) -> Iterator[date]:
        """The days on which it is due, from that one on."""
        since = max(since, self.starts_on)
        days = _weekly(since, self.day) if self.every == "week" else self._monthly(since)
        for day in days:
            if self.ends_on and day > self.ends_on:
                return
            yield day

    def next_after(self, day: date) -> date | None:
        return next(self.due_days(day + timedelta(days=1)), None)

    def upcoming(self, today: date, until: date) -> Iterator[UpcomingExpense]:
        if self.next_on is None or self.paused:
            return
        for day in self.due_days(self.next_on):
            if day >= until:
                return
            yield UpcomingExpense(
                recurring_id=self.id,
                name=self.name,
                due_on=day,
                amount=self.amount,
                category=self.category,
                method=self.method,
                supplier_id=self.supplier_id,
                overdue=day <= today,
            )

    def _monthly(self, since: date) -> Iterator[date]:
        """Every so many months, counted from the one in which it starts."""
        months = self.starts_on.year * 12 + self.starts_on.month - 1
        while True:
            year, month = divmod(months, 12)
            if year >= 2200:
                return
            due = date(year, month + 1, min(self.day, monthrange(year, month + 1)[1]))
            if due >= since:
                yield due
            months += MONTHS[self.every]


def check_recurring(expense: RecurringExpense) -> None:
    """Refused: ``day_of_week_invalid``, ``period_invalid``, ``category_reserved``."""
    if expense.every == "week" and expense.day > WEEK:
        raise Refused("day_of_week_invalid", day=expense.day)
    if expense.ends_on and expense.ends_on < expense.starts_on:
        raise Refused("period_invalid")
    check_category(expense.category)


def check_category(name: str) -> None:
    """Refused: ``category_reserved``."""
    if name.lower() in BOOKS_CATEGORIES:
        raise Refused("category_reserved", category=name)


def method_of(entry: Entry) -> MoneyMethod:
    """By which money an expense, or its storno, was paid."""
    (spent,) = entry.postings
    return next(
        method
        for method, account in MONEY_ACCOUNTS.items()
        if account in (spent.debit, spent.credit)
    )


def reverse_expense(spent: Entry, reason: str | None, stamp: Stamp, entry_id: UUID) -> Decision:
    """The storno of an expense, at the time at which it is found to be wrong."""
    entry = spent.reversed(entry_id, EntryKind.EXPENSE_STORNO, stamp, reason)
    event = ExpenseReversed(
        record=storno_record(entry), expense_id=spent.id, order_id=entry.order_id
    )
    return Decision((entry,), events=(event,))


def storno_record(entry: Entry) -> RecordView:
    """A storno as income and expense records show it."""
    (back,) = entry.postings
    return RecordView(
        id=entry.id,
        type="expense",
        amount=-back.amount,
        client_id=entry.client_id,
        order_id=entry.order_id,
        category=back.category or "",
        at=entry.stamp.at,
        comment=entry.comment,
        actor=entry.stamp.actor,
        station_id=entry.stamp.station_id,
        document_id=entry.document_id,
    )


def _weekly(since: date, day: int) -> Iterator[date]:
    due = since + timedelta(days=(day - since.isoweekday()) % WEEK)
    while due.year < 2200:
        yield due
        due += timedelta(days=WEEK)
