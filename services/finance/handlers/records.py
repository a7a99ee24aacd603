"""Income and expense records: expenses are written here, and both kinds are listed."""

from __future__ import annotations

from services.finance.domain import till
from services.finance.domain.expenses import Expense
from services.finance.domain.ledger import kopecks
from services.finance.handlers.expenses import chosen_category
from services.finance.handlers.suppliers import ensure_supplier
from services.finance.handlers.table import check_period, handlers, keep, order_of
from services.finance.handlers.tills import at_till, ensure_cash
from services.finance.store import FinanceStore
from shared.contracts.base import Page
from shared.contracts.finance import ListRecords, RecordExpense, RecordView
from shared.handlers import Work
from shared.pagination import page_of


@handlers.command(RecordExpense)
async def record_expense(command: RecordExpense, store: FinanceStore, work: Work) -> RecordView:
    await ensure_supplier(command.supplier_id, work)
    order = await order_of(command.order_id, store, work) if command.order_id else None
    client_id = order.client_id if order else None
    category = await chosen_category(command, store, work)
    here, shift = await at_till(
        (command.method,), command.cash_box_id, command.shift_id, store, work
    )
    named = command.model_copy(update={"category": category.name})
    decision = till.record_expense(named, client_id, here, work.new_id())
    if command.method == "cash":
        await ensure_cash(shift, kopecks(command.amount), store)
    (entry,) = decision.entries
    store.add_expense(Expense(entry.id, category.id, command.supplier_id))
    await keep(decision, store, work)
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
            station_id=row.station_id,
            document_id=row.document_id,
            reverses=row.reverses,
            reversed_at=row.reversed_at,
        ),
        lambda row: (row.at, row.id),
    )
