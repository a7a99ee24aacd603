"""What the cashier sees: open shifts, orders to pay, today's documents."""

from __future__ import annotations

from datetime import datetime, time

from services.finance.domain.ledger import EntryKind, kopecks
from services.finance.domain.shifts import by_method
from services.finance.handlers.shifts import shown
from services.finance.handlers.table import handlers
from services.finance.store import FinanceStore
from services.finance.store.till_books import movement_of
from services.finance.store.till_reports import TILL_KINDS
from shared.contracts.till_summary import (
    GetTillSummary,
    OrderToPay,
    TillDocument,
    TillSummaryView,
)
from shared.handlers import Work
from shared.refusals import Refused


@handlers.question(GetTillSummary)
async def get_till_summary(
    question: GetTillSummary, store: FinanceStore, work: Work
) -> TillSummaryView:
    if question.cash_box_id and await store.box_shown(question.cash_box_id) is None:
        raise Refused("cash_box_not_found", id=question.cash_box_id)
    day = work.today
    midnight = datetime.combine(day, time.min, work.settings.zone)
    rows = await store.till_documents(midnight, question.cash_box_id)
    movements = [movement_of(row) for row in rows]
    to_pay = await store.all_to_pay(question.client_id)
    return TillSummaryView(
        shift_required=(await store.till_settings()).shift_required,
        shifts=await shown(await store.open_shifts(question.cash_box_id), store),
        orders_to_pay=tuple(
            OrderToPay(
                order_id=row.order_id,
                number=row.number,
                client_id=row.client_id,
                completed_at=row.completed_at,
                total=row.revenue,
                paid=row.paid,
                due=row.revenue - row.paid,
            )
            for row in await store.orders_to_pay(question.client_id, question.limit)
        ),
        orders_to_pay_count=to_pay.orders,
        due=kopecks(to_pay.due),
        receipts=by_method(movements, EntryKind.PAYMENT, EntryKind.REFUND),
        documents=tuple(
            TillDocument(
                id=row.id,
                at=row.at,
                kind=TILL_KINDS[EntryKind(row.kind)],
                method=movement.method,
                amount=row.amount,
                shift_id=row.shift_id,
                order_id=row.order_id,
                client_id=row.client_id,
                payment_id=row.document_id,
                comment=row.comment,
                actor=row.actor,
            )
            for row, movement in list(zip(rows, movements, strict=True))[: question.limit]
        ),
        documents_count=len({row.id for row in rows}),
    )
