"""Expenses: recorded, taken back, and those that come again and again."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.names import orders_named, people_named
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.expenses import (
    ChangeExpenseCategory,
    ChangeRecurringExpense,
    CreateExpenseCategory,
    CreateRecurringExpense,
    ListExpenseCategories,
    ListExpenses,
    ListRecurringExpenses,
    ListUpcomingExpenses,
    ReverseExpense,
    SkipRecurringExpense,
)
from shared.contracts.finance import RecordExpense
from shared.contracts.inventory import ListSuppliers
from shared.contracts.till import ListCashBoxes

MONEY = "/money"
RECURRING = MONEY + "/recurring"
CATEGORIES = MONEY + "/categories"
CHOICES = 200
"""Suppliers and categories that a choice offers."""


async def expenses(request: PageRequest) -> Response:
    """Newest first, as the address narrows them."""
    asked = request.reads(ListExpenses)
    found, categories, boxes, suppliers = await asyncio.gather(
        request.ask(asked),
        request.ask(ListExpenseCategories(active=True, limit=CHOICES)),
        request.ask(ListCashBoxes(active=True)),
        request.ask(ListSuppliers(limit=CHOICES)),
    )
    return request.page(
        "money/expenses.html",
        found=found,
        table=request.table("/finance/expenses", asked),
        categories=categories.items,
        boxes=boxes.items,
        suppliers=suppliers.items,
        supplier_names={supplier.id: supplier.name for supplier in suppliers.items},
        orders=await orders_named(request, [each.order_id for each in found.items]),
        people=await people_named(request, (each.actor for each in found.items)),
    )


async def record(request: PageRequest) -> Response:
    record = await request.send(request.form.message(RecordExpense))
    return request.go(
        MONEY, said=request._("Recorded: %(amount)s", amount=request.money(record.amount))
    )


async def reverse(request: PageRequest) -> Response:
    expense_id = request.id("expense_id")
    await request.send(request.form.message(ReverseExpense, expense_id=expense_id))
    return request.go(MONEY, said=request._("The expense is taken back"))


async def recurring(request: PageRequest) -> Response:
    """Those that come again and again, and what of them is due soon."""
    found, upcoming, categories = await asyncio.gather(
        request.ask(request.reads(ListRecurringExpenses)),
        request.ask(ListUpcomingExpenses()),
        request.ask(ListExpenseCategories(active=True, limit=CHOICES)),
    )
    return request.page(
        "money/recurring.html", found=found, upcoming=upcoming.items, categories=categories.items
    )


async def create_recurring(request: PageRequest) -> Response:
    await request.send(request.form.message(CreateRecurringExpense))
    return request.go(RECURRING, said=request._("Saved"))


async def change_recurring(request: PageRequest) -> Response:
    recurring_id = request.id("recurring_id")
    await request.send(request.form.message(ChangeRecurringExpense, recurring_id=recurring_id))
    return request.go(RECURRING, said=request._("Saved"))


async def skip_recurring(request: PageRequest) -> Response:
    recurring_id = request.id("recurring_id")
    await request.send(request.form.message(SkipRecurringExpense, recurring_id=recurring_id))
    return request.go(RECURRING, said=request._("The next time falls out"))


async def categories(request: PageRequest) -> Response:
    found = await request.ask(request.reads(ListExpenseCategories))
    return request.page("money/categories.html", found=found)


async def create_category(request: PageRequest) -> Response:
    await request.send(request.form.message(CreateExpenseCategory))
    return request.go(CATEGORIES, said=request._("Saved"))


async def change_category(request: PageRequest) -> Response:
    category_id = request.id("category_id")
    await request.send(request.form.message(ChangeExpenseCategory, category_id=category_id))
    return request.go(CATEGORIES, said=request._("Saved"))


PAGES = (
    show(MONEY, expenses, needs=ListExpenses),
    act(MONEY + "/expenses", record, needs=RecordExpense),
    act(MONEY + "/expenses/{expense_id}/storno", reverse, needs=ReverseExpense),
    show(RECURRING, recurring, needs=ListRecurringExpenses),
    act(RECURRING, create_recurring, needs=CreateRecurringExpense),
    act(RECURRING + "/{recurring_id}", change_recurring, needs=ChangeRecurringExpense),
    act(RECURRING + "/{recurring_id}/skip", skip_recurring, needs=SkipRecurringExpense),
    show(CATEGORIES, categories, needs=ListExpenseCategories),
    act(CATEGORIES, create_category, needs=CreateExpenseCategory),
    act(CATEGORIES + "/{category_id}", change_category, needs=ChangeExpenseCategory),
)
