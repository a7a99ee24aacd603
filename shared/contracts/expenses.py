"""Expenses: their categories, their storno, and those that come again and again: owned by
``services/finance``."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    Command,
    Cursor,
    Day,
    Event,
    Instant,
    Limit,
    Money,
    Name,
    Page,
    PositiveMoney,
    Question,
    Revision,
    Text,
    View,
)
from shared.contracts.finance import MoneyMethod, RecordView

ExpenseKind = Literal[
    "operating", "rent", "utilities", "tax", "marketing", "equipment", "finance", "other"
]
"""What owners compare: what it costs to run the station, by its nature."""
Every = Literal["week", "month", "quarter"]
DueDay = Annotated[int, Field(ge=1, le=31)]
"""Of the month (the last one where it is shorter; of a quarter, its first month's), or of the week:
1 is Monday."""


# --- categories ---------------------------------------------------------------------------------


class ExpenseCategoryView(View):
    id: UUID
    name: str
    kind: ExpenseKind
    active: bool
    revision: Revision
    created_at: Instant
    updated_at: Instant


class CreateExpenseCategory(Command[ExpenseCategoryView]):
    """Refused: ``name_taken``, ``category_reserved``."""

    subject: ClassVar[str] = "cmd.finance.create_expense_category.v1"

    name: Name
    kind: ExpenseKind = "operating"


class ChangeExpenseCategory(Command[ExpenseCategoryView]):
    """What is absent stays. Expenses keep the name by which they were recorded. Refused:
    ``expense_category_not_found``, ``name_taken``, ``category_reserved``, ``field_required``,
    ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.finance.change_expense_category.v1"

    category_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None
    kind: ExpenseKind | None = None
    active: bool | None = None


class ListExpenseCategories(Question[Page[ExpenseCategoryView]]):
    """By name."""

    subject: ClassVar[str] = "ask.finance.expense_categories.v1"

    active: bool | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


# --- expenses -----------------------------------------------------------------------------------


class ExpenseView(View):
    """An expense that was recorded, by hand or as one of a row. ``at``: its accounting time."""

    id: UUID
    at: Instant
    amount: Money
    category: str
    category_id: UUID | None
    kind: ExpenseKind | None
    method: MoneyMethod
    shift_id: UUID | None
    order_id: UUID | None
    supplier_id: UUID | None
    recurring_id: UUID | None
    due_on: date | None
    """The date of its row that it was posted for."""
    comment: str | None
    actor: str
    reversed: bool


class ListExpenses(Question[Page[ExpenseView]]):
    """Newest first."""

    subject: ClassVar[str] = "ask.finance.expenses.v1"

    category_id: UUID | None = None
    supplier_id: UUID | None = None
    recurring_id: UUID | None = None
    order_id: UUID | None = None
    start: Instant | None = None
    end: Instant | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class ReverseExpense(Command[RecordView]):
    """A storno: a new record with the amount below zero; the money comes back by the method by
    which it went, cash into the shift as a payment does. Refused: ``expense_not_found``,
    ``expense_reversed``, and for box and shift as ``TakePayment``."""

    subject: ClassVar[str] = "cmd.finance.reverse_expense.v1"

    expense_id: UUID
    reason: Text | None = None
    cash_box_id: UUID | None = None
    shift_id: UUID | None = None


# --- again and again ----------------------------------------------------------------------------


class RecurringExpenseView(View):
    id: UUID
    name: str
    amount: Money
    category: str
    method: MoneyMethod
    every: Every
    day: int
    starts_on: date
    ends_on: date | None
    """The last day on which it may be due."""
    next_on: date | None
    """When it is due next; null: never again."""
    paused: bool
    supplier_id: UUID | None
    comment: str | None
    revision: Revision
    created_at: Instant
    updated_at: Instant


class CreateRecurringExpense(Command[RecurringExpenseView]):
    """Posted by itself on every day on which it is due, those before today too. Refused:
    ``day_of_week_invalid``, ``period_invalid`` (it ends before it starts), ``category_reserved``,
    ``expense_category_inactive``, ``supplier_not_found``."""

    subject: ClassVar[str] = "cmd.finance.create_recurring_expense.v1"

    name: Name
    amount: PositiveMoney
    category: Name
    method: MoneyMethod = "transfer"
    every: Every = "month"
    day: DueDay
    starts_on: Day
    ends_on: Day | None = None
    supplier_id: UUID | None = None
    comment: Text | None = None


class ChangeRecurringExpense(Command[RecurringExpenseView]):
    """What is absent stays, and so does what is posted. A new rhythm counts from the day after the
    last due one that has passed; what was due while it was paused is never posted.
    Refused: ``recurring_expense_not_found``, ``field_required``, ``revision_conflict``, and as
    ``CreateRecurringExpense``."""

    subject: ClassVar[str] = "cmd.finance.change_recurring_expense.v1"

    recurring_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None
    amount: PositiveMoney | None = None
    category: Name | None = None
    method: MoneyMethod | None = None
    every: Every | None = None
    day: DueDay | None = None
    ends_on: Day | None = None
    paused: bool | None = None
    supplier_id: UUID | None = None
    comment: Text | None = None


class SkipRecurringExpense(Command[RecurringExpenseView]):
    """The next time falls out. ``due_on`` says which one is meant, so that nobody skips two.
    Refused: ``recurring_expense_not_found``, ``not_due``."""

    subject: ClassVar[str] = "cmd.finance.skip_recurring_expense.v1"

    recurring_id: UUID
    due_on: Day


class ListRecurringExpenses(Question[Page[RecurringExpenseView]]):
    """The oldest first."""

    subject: ClassVar[str] = "ask.finance.recurring_expenses.v1"

    paused: bool | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class UpcomingExpense(View):
    recurring_id: UUID
    name: str
    due_on: date
    amount: Money
    category: str
    method: MoneyMethod
    supplier_id: UUID | None
    overdue: bool
    """Due, and not posted yet: cash waits for a shift where the station wants one."""


class ListUpcomingExpenses(Question[Page[UpcomingExpense]]):
    """What will be due in so many days, the soonest first."""

    subject: ClassVar[str] = "ask.finance.upcoming_expenses.v1"

    days: Annotated[int, Field(ge=1, le=366)] = 31


class PostedExpensesView(View):
    posted: int
    more: bool
    """Some are due still; ask again."""


class PostRecurringExpenses(Command[PostedExpensesView]):
    """Posts what is due, a bounded number at a time. Finance sends it to itself."""

    subject: ClassVar[str] = "cmd.finance.post_recurring_expenses.v1"


# --- facts --------------------------------------------------------------------------------------


class ExpenseCategorySaved(Event):
    """Made or edited. Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.expense_category_saved.v1"

    category: ExpenseCategoryView

    def aggregate_id(self) -> UUID:
        return self.category.id


class ExpenseReversed(Event):
    """``record`` undoes the expense. Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.expense_reversed.v1"

    record: RecordView
    expense_id: UUID
    order_id: UUID | None

    def aggregate_id(self) -> UUID:
        return self.expense_id


class RecurringExpenseSaved(Event):
    """Made, edited, or skipped once. Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.recurring_expense_saved.v1"

    expense: RecurringExpenseView

    def aggregate_id(self) -> UUID:
        return self.expense.id
