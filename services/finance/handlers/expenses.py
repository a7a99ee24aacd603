"""Expense categories, the storno of an expense, and expenses that are due again and again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

import structlog

from services.finance.domain import expenses as domain
from services.finance.domain import till
from services.finance.domain.expenses import Expense, ExpenseCategory, RecurringExpense
from services.finance.domain.ledger import MONEY_ACCOUNTS, Account
from services.finance.handlers.suppliers import ensure_supplier
from services.finance.handlers.table import check_period, handlers, keep
from services.finance.handlers.tills import at_till, ensure_cash
from services.finance.store import FinanceStore
from shared.contracts.base import Change, Page
from shared.contracts.expenses import (
    ChangeExpenseCategory,
    ChangeRecurringExpense,
    CreateExpenseCategory,
    CreateRecurringExpense,
    ExpenseCategorySaved,
    ExpenseCategoryView,
    ExpenseView,
    ListExpenseCategories,
    ListExpenses,
    ListRecurringExpenses,
    ListUpcomingExpenses,
    PostedExpensesView,
    PostRecurringExpenses,
    RecurringExpenseSaved,
    RecurringExpenseView,
    ReverseExpense,
    SkipRecurringExpense,
    UpcomingExpense,
)
from shared.contracts.finance import RecordExpense, RecordView
from shared.edits import edited_row, ensure_filled, named_fields
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused, ensure_revision

log = structlog.get_logger(__name__)

POST_AT_ONCE = 100
"""Days that one transaction posts."""
MAY_BE_ABSENT = frozenset({"ends_on", "supplier_id", "comment"})


# --- categories ---------------------------------------------------------------------------------


async def category_of(name: str, store: FinanceStore, work: Work) -> ExpenseCategory:
    """The category of the list; an unknown one is made. Refused: ``category_reserved``."""
    domain.check_category(name)
    while (known := await store.category_named(name)) is None:
        made = _category(name, work)
        if await store.add_category(made):
            work.publish(ExpenseCategorySaved(category=made.view()))
            return made
    return known


def _category(name: str, work: Work) -> ExpenseCategory:
    return ExpenseCategory(work.new_id(), name, "operating", True, 1, work.now, work.now)


@handlers.command(CreateExpenseCategory)
async def create_expense_category(
    command: CreateExpenseCategory, store: FinanceStore, work: Work
) -> ExpenseCategoryView:
    domain.check_category(command.name)
    category = replace(_category(command.name, work), kind=command.kind)
    if not await store.add_category(category):
        raise Refused("name_taken", name=command.name)
    work.publish(ExpenseCategorySaved(category=category.view()))
    return category.view()


@handlers.command(ChangeExpenseCategory)
async def change_expense_category(
    command: ChangeExpenseCategory, store: FinanceStore, work: Work
) -> ExpenseCategoryView:
    category = await store.category(command.category_id)
    if category is None:
        raise Refused("expense_category_not_found", id=command.category_id)
    ensure_revision(command.expected_revision, category.revision)
    fields = named_fields(command, "category_id")
    ensure_filled(fields, fields)
    changed, changes = edited_row(category, fields, work.now)
    if not changes:
        return category.view()
    domain.check_category(changed.name)
    namesake = await store.category_named(changed.name)
    if namesake and namesake.id != category.id:
        raise Refused("name_taken", name=changed.name)
    await store.save_category(changed)
    if changed.name != category.name:
        await store.rename_in_recurring(category.name, changed.name)
    work.publish(ExpenseCategorySaved(category=changed.view(), changes=changes))
    return changed.view()


@handlers.question(ListExpenseCategories)
async def list_expense_categories(
    question: ListExpenseCategories, store: FinanceStore, work: Work
) -> Page[ExpenseCategoryView]:
    return page_of(
        await store.category_rows(question),
        question.limit,
        ExpenseCategory.view,
        lambda category: (category.name.lower(), category.id),
    )


# --- expenses -----------------------------------------------------------------------------------


@handlers.question(ListExpenses)
async def list_expenses(
    question: ListExpenses, store: FinanceStore, work: Work
) -> Page[ExpenseView]:
    check_period(question.start, question.end)
    methods = {account: method for method, account in MONEY_ACCOUNTS.items()}
    return page_of(
        await store.expense_rows(question),
        question.limit,
        lambda row: ExpenseView(
            id=row.id,
            at=row.at,
            amount=row.amount,
            category=row.category,
            category_id=row.category_id,
            kind=row.category_kind,
            method=methods[Account(row.credit)],
            shift_id=row.shift_id,
            order_id=row.order_id,
            supplier_id=row.supplier_id,
            recurring_id=row.recurring_id,
            due_on=row.due_on,
            comment=row.comment,
            actor=row.actor,
            reversed=row.is_reversed,
        ),
        lambda row: (row.at, row.id),
    )


@handlers.command(ReverseExpense)
async def reverse_expense(command: ReverseExpense, store: FinanceStore, work: Work) -> RecordView:
    if not await store.is_expense(command.expense_id):
        raise Refused("expense_not_found", id=command.expense_id)
    if await store.reversal_of(command.expense_id):
        raise Refused("expense_reversed")
    spent = await store.entry(command.expense_id)
    here, _ = await at_till(
        (domain.method_of(spent),), command.cash_box_id, command.shift_id, store, work
    )
    decision = domain.reverse_expense(spent, command.reason, here, work.new_id())
    await keep(decision, store, work)
    return domain.storno_record(decision.entries[0])


# --- again and again ----------------------------------------------------------------------------


@handlers.command(CreateRecurringExpense)
async def create_recurring_expense(
    command: CreateRecurringExpense, store: FinanceStore, work: Work
) -> RecurringExpenseView:
    await ensure_supplier(command.supplier_id, work)
    expense = RecurringExpense(
        **dict(command),
        id=work.new_id(),
        next_on=None,
        paused=False,
        revision=1,
        created_at=work.now,
        updated_at=work.now,
    )
    domain.check_recurring(expense)
    category = await _active_category(expense.category, store, work)
    first = next(expense.due_days(expense.starts_on), None)
    expense = replace(expense, category=category.name, next_on=first)
    await store.save_recurring(expense)
    work.publish(RecurringExpenseSaved(expense=expense.view()))
    return expense.view()


@handlers.command(ChangeRecurringExpense)
async def change_recurring_expense(
    command: ChangeRecurringExpense, store: FinanceStore, work: Work
) -> RecurringExpenseView:
    expense = await _recurring(command.recurring_id, store)
    ensure_revision(command.expected_revision, expense.revision)
    fields = named_fields(command, "recurring_id")
    ensure_filled(fields, fields.keys() - MAY_BE_ABSENT)
    changed, changes = edited_row(expense, fields, work.now)
    if not changes:
        return expense.view()
    domain.check_recurring(changed)
    if changed.supplier_id != expense.supplier_id:
        await ensure_supplier(changed.supplier_id, work)
    if changed.category != expense.category:
        category = await _active_category(changed.category, store, work)
        changed = replace(changed, category=category.name)
    last = await store.last_posted(expense.id)
    changed = replace(changed, next_on=_next_on(expense, changed, last, work.today))
    await store.save_recurring(changed)
    work.publish(RecurringExpenseSaved(expense=changed.view(), changes=changes))
    return changed.view()


def _next_on(
    old: RecurringExpense, new: RecurringExpense, last: date | None, today: date
) -> date | None:
    """``last``: the latest day that was posted; it never comes again."""
    since = old.next_on
    if since is None or ((old.every, old.day) != (new.every, new.day) and since > today):
        since = max(today, last + timedelta(days=1)) if last else today
    if old.paused and not new.paused:
        since = max(since, today)
    return next(new.due_days(since), None)


@handlers.command(SkipRecurringExpense)
async def skip_recurring_expense(
    command: SkipRecurringExpense, store: FinanceStore, work: Work
) -> RecurringExpenseView:
    expense = await _recurring(command.recurring_id, store)
    if expense.next_on != command.due_on:
        raise Refused("not_due", day=command.due_on, next=expense.next_on)
    skipped = replace(
        expense,
        next_on=expense.next_after(command.due_on),
        revision=expense.revision + 1,
        updated_at=work.now,
    )
    await store.save_recurring(skipped)
    change = Change(field="next_on", old=expense.next_on, new=skipped.next_on)
    work.publish(RecurringExpenseSaved(expense=skipped.view(), changes=(change,)))
    return skipped.view()


@handlers.question(ListRecurringExpenses)
async def list_recurring_expenses(
    question: ListRecurringExpenses, store: FinanceStore, work: Work
) -> Page[RecurringExpenseView]:
    return page_of(
        await store.recurring_rows(question),
        question.limit,
        RecurringExpense.view,
        lambda expense: (expense.created_at, expense.id),
    )


@handlers.question(ListUpcomingExpenses)
async def list_upcoming_expenses(
    question: ListUpcomingExpenses, store: FinanceStore, work: Work
) -> Page[UpcomingExpense]:
    today = work.today
    until = today + timedelta(days=question.days)
    found = [
        upcoming
        for expense in await store.recurring_until(until)
        for upcoming in expense.upcoming(today, until)
    ]
    return Page(items=tuple(sorted(found, key=lambda one: (one.due_on, one.recurring_id))))


@handlers.command(PostRecurringExpenses)
async def post_recurring_expenses(
    command: PostRecurringExpenses, store: FinanceStore, work: Work
) -> PostedExpensesView:
    """Every day that has come is posted, each at its own time, however late."""
    today, posted = work.today, 0
    for expense in await store.due_recurring(today):
        day = expense.next_on
        while day and day <= today and posted < POST_AT_ONCE:
            if not await _posted(expense, day, store, work):
                break
            posted += 1
            day = expense.next_after(day)
        if day != expense.next_on:
            await store.save_recurring(replace(expense, next_on=day))
    return PostedExpensesView(posted=posted, more=posted == POST_AT_ONCE)


async def _posted(expense: RecurringExpense, day: date, store: FinanceStore, work: Work) -> bool:
    """False: its cash cannot be given now; it stays due."""
    try:
        here, shift = await at_till((expense.method,), None, None, store, work)
        if expense.method == "cash":
            await ensure_cash(shift, expense.amount, store)
    except Refused as refusal:
        log.info("expense_waits", expense=str(expense.id), day=str(day), code=refusal.code)
        return False
    category = await category_of(expense.category, store, work)
    command = RecordExpense(
        amount=expense.amount,
        category=category.name,
        method=expense.method,
        at=datetime.combine(day, time.min, work.settings.zone),
        comment=expense.comment or expense.name,
    )
    decision = till.record_expense(command, None, here, work.new_id())
    (entry,) = decision.entries
    store.add_expense(Expense(entry.id, category.id, expense.supplier_id, expense.id, day))
    await keep(decision, store, work)
    return True


# --- helpers ------------------------------------------------------------------------------------


async def _active_category(name: str, store: FinanceStore, work: Work) -> ExpenseCategory:
    category = await category_of(name, store, work)
    if not category.active:
        raise Refused("expense_category_inactive", name=category.name)
    return category


async def chosen_category(
    command: RecordExpense, store: FinanceStore, work: Work
) -> ExpenseCategory:
    """By id, or by name. Refused: ``field_required``, ``expense_category_not_found``,
    ``expense_category_inactive``, ``category_reserved``."""
    if command.category_id is None:
        if command.category is None:
            raise Refused("field_required", field="category")
        return await _active_category(command.category, store, work)
    category = await store.category(command.category_id)
    if category is None:
        raise Refused("expense_category_not_found", id=command.category_id)
    if not category.active:
        raise Refused("expense_category_inactive", name=category.name)
    return category


async def _recurring(recurring_id: UUID, store: FinanceStore) -> RecurringExpense:
    expense = await store.recurring(recurring_id)
    if expense is None:
        raise Refused("recurring_expense_not_found", id=recurring_id)
    return expense
