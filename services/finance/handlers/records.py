"""Income and expense records: expenses are written here, and both kinds are listed."""

from __future__ import annotations

from services.finance.domain import till
from services.finance.domain.ledger import kopecks
from services.finance.handlers.table import check_period, handlers, keep, order_of, stamp
from services.finance.store import FinanceStore
from shared.contracts.base import Page
from shared.contracts.finance import ListRecords, RecordExpense, RecordView
from shared.handlers import Work
from shared.pagination import page_of


@handlers.command(RecordExpense)
async def record_expense(command: RecordExpense, store: FinanceStore, work: Work) -> RecordView:
    order = await order_of(command.order_id, store, work) if command.order_id else None
    client_id = order.client_id if order else None
    decision = till.record_expense(command, client_id, stamp(work), work.new_id())
    await keep(decision, store, work)
    (entry,) = decision.entries
    return till.expense_record(entry)


@handlers.question(ListRecords)
async def list_records(question: ListRecords, store: FinanceStore, work: Work) -> Page[RecordView]:
    check_period(question.start, question.end)
    return page_of(
        await store.record_rows(question),
        question.limit,
        lambda row: RecordView(
            id=row.id,
            type=row.type,
            amount=kopecks(row.amount),
            client_id=row.client_id,
            order_id=row.order_id,
            category=row.category,
            at=row.at,
            comment=row.comment,
            actor=row.actor,
        ),
        lambda row: (row.at, row.id),
    )
