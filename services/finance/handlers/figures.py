"""What the books say, and their copies of others' things, for whoever compares it with what other
services say."""

from __future__ import annotations

from services.finance.handlers.table import handlers
from services.finance.store import FinanceStore
from services.finance.store.told import told_by_finance
from shared.contracts.base import Page
from shared.contracts.copies import ListToldByFinance, Told
from shared.contracts.reconciliation import (
    AccountBalance,
    BooksFigures,
    GetAccountBalances,
    GetBooksFigures,
    GetReceiptDebts,
    ReceiptFigures,
)
from shared.handlers import Work
from shared.pagination import page_of


@handlers.question(GetBooksFigures)
async def get_books_figures(
    question: GetBooksFigures, store: FinanceStore, work: Work
) -> Page[BooksFigures]:
    return page_of(
        await store.figure_rows(question),
        question.limit,
        lambda row: BooksFigures(
            order_id=row.id,
            number=row.number,
            completion=row.completion,
            revenue=row.revenue,
            cost=row.cost,
            pay=row.pay,
            posted_revenue=row.posted_revenue,
            posted_cost=row.posted_cost,
            posted_pay=row.posted_pay,
            due=row.due,
            client_id=row.client_id,
            completed_at=row.completed_at,
            section_id=row.section_id,
            vat=row.vat,
            ordered_by=row.ordered_by,
            cancelled=row.cancelled,
            paid=row.paid,
        ),
        lambda row: (row.id,),
    )


@handlers.question(GetReceiptDebts)
async def get_receipt_debts(
    question: GetReceiptDebts, store: FinanceStore, work: Work
) -> Page[ReceiptFigures]:
    rows = await store.receipt_debts(question)
    return page_of(rows, question.limit, lambda row: row, lambda row: (row.receipt_id,))


@handlers.question(GetAccountBalances)
async def get_account_balances(
    question: GetAccountBalances, store: FinanceStore, work: Work
) -> Page[AccountBalance]:
    return Page(items=await store.account_balances())


@handlers.question(ListToldByFinance)
async def list_told(question: ListToldByFinance, store: FinanceStore, work: Work) -> Page[Told]:
    rows = await told_by_finance(store.connection, question)
    return page_of(rows, question.limit, lambda row: row, lambda row: (row.id,))
