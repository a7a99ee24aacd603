"""Expenses during one transaction, and what questions about them read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, exists, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.finance.domain.expenses import Expense, ExpenseCategory, RecurringExpense
from services.finance.domain.ledger import EntryKind
from services.finance.store.books import Books
from services.finance.store.schema import entries, postings
from services.finance.store.tables_expenses import (
    expense_categories,
    expenses,
    recurring_expenses,
)
from shared.contracts.base import Instant
from shared.contracts.expenses import (
    ListExpenseCategories,
    ListExpenses,
    ListRecurringExpenses,
)
from shared.database import saving
from shared.pagination import keys_of
from shared.writing import inserting

_NEW_EXPENSES = inserting(expenses)
_SAVE_CATEGORY = saving(expense_categories)
_SAVE_RECURRING = saving(recurring_expenses)
_LOWER = func.lower(expense_categories.c.name)
_REVERSAL = entries.alias("reversal")


class ExpenseBooks(Books):
    """The books, and what is known of expenses besides."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self._new_expenses: list[Expense] = []

    # --- categories ---

    async def category(self, category_id: UUID) -> ExpenseCategory | None:
        """Locked until the transaction ends, to be changed."""
        statement = select(expense_categories).where(expense_categories.c.id == category_id)
        return _category_of(await self._first(statement.with_for_update()))

    async def category_named(self, name: str) -> ExpenseCategory | None:
        """Whatever the case of its letters."""
        return _category_of(
            await self._first(select(expense_categories).where(func.lower(name) == _LOWER))
        )

    async def add_category(self, category: ExpenseCategory) -> bool:
        """False when somebody else has just made one of that name."""
        statement = insert(expense_categories).values(**asdict(category)).on_conflict_do_nothing()
        return await self._first(statement.returning(expense_categories.c.id)) is not None

    async def save_category(self, category: ExpenseCategory) -> None:
        await self.connection.execute(_SAVE_CATEGORY, asdict(category))

    async def rename_in_recurring(self, old: str, new: str) -> None:
        """Expenses that come again go on in the renamed category."""
        await self.connection.execute(
            update(recurring_expenses)
            .where(func.lower(recurring_expenses.c.category) == func.lower(old))
            .values(category=new)
        )

    async def category_rows(self, asked: ListExpenseCategories) -> list[ExpenseCategory]:
        """One more than a page, by name."""
        statement = select(expense_categories).order_by(_LOWER, expense_categories.c.id)
        if asked.active is not None:
            statement = statement.where(expense_categories.c.active == asked.active)
        if asked.cursor:
            after = keys_of(asked.cursor, tuple[str, UUID])
            statement = statement.where(tuple_(_LOWER, expense_categories.c.id) > tuple_(*after))
        found = await self.connection.execute(statement.limit(asked.limit + 1))
        return [_made(ExpenseCategory, row) for row in found]

    # --- expenses ---

    def add_expense(self, expense: Expense) -> None:
        self._new_expenses.append(expense)

    async def reversal_of(self, entry_id: UUID) -> UUID | None:
        """The entry that undoes it, if there is one."""
        for entry in self._entries.new():
            if entry.reverses == entry_id:
                return entry.id
        row = await self._first(select(entries.c.id).where(entries.c.reverses == entry_id))
        return row.id if row else None

    async def is_expense(self, entry_id: UUID) -> bool:
        if entry_id in (entry.id for entry in self._entries.new()):
            return self._entries.values[entry_id].kind is EntryKind.EXPENSE
        statement = select(entries.c.id).where(
            entries.c.id == entry_id, entries.c.kind == EntryKind.EXPENSE
        )
        return await self._first(statement) is not None

    async def expense_rows(self, asked: ListExpenses) -> Sequence[Row[Any]]:
        """One more than a page, newest first: entries with their posting and what is known."""
        categories = expense_categories.c
        statement = (
            select(
                entries,
                postings.c.amount,
                postings.c.category,
                postings.c.credit,
                expenses.c.category_id,
                expenses.c.supplier_id,
                expenses.c.recurring_id,
                expenses.c.due_on,
                categories.kind.label("category_kind"),
                exists().where(_REVERSAL.c.reverses == entries.c.id).label("is_reversed"),
            )
            .join(postings, postings.c.entry_id == entries.c.id)
            .outerjoin(expenses, expenses.c.id == entries.c.id)
            .outerjoin(expense_categories, categories.id == expenses.c.category_id)
            .where(entries.c.kind == EntryKind.EXPENSE)
        )
        wanted = {
            expenses.c.category_id: asked.category_id,
            expenses.c.supplier_id: asked.supplier_id,
            expenses.c.recurring_id: asked.recurring_id,
            entries.c.order_id: asked.order_id,
        }
        for column, value in wanted.items():
            if value is not None:
                statement = statement.where(column == value)
        if asked.start:
            statement = statement.where(entries.c.at >= asked.start)
        if asked.end:
            statement = statement.where(entries.c.at < asked.end)
        if asked.cursor:
            before = keys_of(asked.cursor, tuple[Instant, UUID])
            statement = statement.where(tuple_(entries.c.at, entries.c.id) < tuple_(*before))
        statement = statement.order_by(entries.c.at.desc(), entries.c.id.desc())
        found: Sequence[Row[Any]] = (
            await self.connection.execute(statement.limit(asked.limit + 1))
        ).all()
        return found

    # --- again and again ---

    async def recurring(self, recurring_id: UUID) -> RecurringExpense | None:
        """Locked until the transaction ends, to be changed."""
        statement = select(recurring_expenses).where(recurring_expenses.c.id == recurring_id)
        row = await self._first(statement.with_for_update())
        return _made(RecurringExpense, row) if row else None

    async def save_recurring(self, expense: RecurringExpense) -> None:
        await self.connection.execute(_SAVE_RECURRING, asdict(expense))

    async def due_recurring(self, today: date) -> list[RecurringExpense]:
        """Due by then, the longest first; those that another process posts are left to it. All of
        them: the first may be waiting for cash."""
        found = await self.connection.execute(
            self._to_come()
            .where(recurring_expenses.c.next_on <= today)
            .with_for_update(skip_locked=True)
        )
        return [_made(RecurringExpense, row) for row in found]

    async def recurring_until(self, until: date) -> list[RecurringExpense]:
        found = await self.connection.execute(
            self._to_come().where(recurring_expenses.c.next_on < until)
        )
        return [_made(RecurringExpense, row) for row in found]

    async def last_posted(self, recurring_id: UUID) -> date | None:
        """The latest day that was posted."""
        row = await self._first(
            select(func.max(expenses.c.due_on).label("day")).where(
                expenses.c.recurring_id == recurring_id
            )
        )
        return row.day if row else None

    async def recurring_rows(self, asked: ListRecurringExpenses) -> list[RecurringExpense]:
        """One more than a page, the oldest first."""
        columns = recurring_expenses.c
        statement = select(recurring_expenses).order_by(columns.created_at, columns.id)
        if asked.paused is not None:
            statement = statement.where(columns.paused == asked.paused)
        if asked.cursor:
            after = keys_of(asked.cursor, tuple[Instant, UUID])
            statement = statement.where(tuple_(columns.created_at, columns.id) > tuple_(*after))
        found = await self.connection.execute(statement.limit(asked.limit + 1))
        return [_made(RecurringExpense, row) for row in found]

    async def flush(self) -> None:
        await super().flush()
        self.pending.add(_NEW_EXPENSES, map(asdict, self._new_expenses))

    def unsaved(self) -> int:
        return super().unsaved() + len(self._new_expenses)

    def _to_come(self) -> Select[Any]:
        columns = recurring_expenses.c
        return (
            select(recurring_expenses)
            .where(columns.next_on.is_not(None), ~columns.paused)
            .order_by(columns.next_on, columns.id)
        )

    async def _first(self, statement: Any) -> Row[Any] | None:
        row: Row[Any] | None = (await self.connection.execute(statement)).one_or_none()
        return row


def _category_of(row: Row[Any] | None) -> ExpenseCategory | None:
    return _made(ExpenseCategory, row) if row else None


def _made[ValueT](kind: type[ValueT], row: Row[Any]) -> ValueT:
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: row._mapping[name] for name in names})
