"""Suppliers: goods received are owed for, money is paid, and what is owed is looked up."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from services.finance.domain import suppliers
from services.finance.domain.ledger import kopecks
from services.finance.domain.suppliers import SupplierPayment
from services.finance.handlers.table import check_period, handlers, keep, stamp
from services.finance.handlers.tills import at_till, ensure_cash
from services.finance.store import FinanceStore
from shared.contracts.base import Page
from shared.contracts.inventory import StockReceived
from shared.contracts.purchasing import (
    GetSuppliers,
    ListSupplierBalances,
    ListSupplierPayments,
    PaySupplier,
    RefundSupplierPayment,
    StockSentBack,
    SupplierBalance,
    SupplierEntryView,
    SupplierPaymentView,
    SupplierStatement,
)
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused


@handlers.event(StockReceived)
async def stock_received(event: StockReceived, store: FinanceStore, work: Work) -> None:
    await store.keep(suppliers.receive_stock(event.receipt, stamp(work), work.new_id()))


@handlers.event(StockSentBack)
async def stock_sent_back(event: StockSentBack, store: FinanceStore, work: Work) -> None:
    """It needs nothing of its receipt's entry, which may come later."""
    await store.keep(suppliers.send_back(event.returned, stamp(work), work.new_id()))


@handlers.command(PaySupplier)
async def pay_supplier(
    command: PaySupplier, store: FinanceStore, work: Work
) -> SupplierPaymentView:
    await ensure_supplier(command.supplier_id, work)
    payment = SupplierPayment(
        id=work.new_id(),
        at=work.now,
        supplier_id=command.supplier_id,
        amount=kopecks(command.amount),
        method=command.method,
        document=command.document,
        comment=command.comment,
        actor=work.actor.login,
    )
    here, shift = await at_till(
        (payment.method,), command.cash_box_id, command.shift_id, store, work
    )
    if payment.method == "cash":
        await ensure_cash(shift, payment.amount, store)
    await store.save_supplier_payment(payment)
    await keep(suppliers.pay(payment, here, work.new_id()), store, work)
    return payment.view()


@handlers.command(RefundSupplierPayment)
async def refund_supplier_payment(
    command: RefundSupplierPayment, store: FinanceStore, work: Work
) -> SupplierPaymentView:
    payment = await store.supplier_payment(command.payment_id)
    if payment is None:
        raise Refused("supplier_payment_not_found", id=command.payment_id)
    here, _ = await at_till((payment.method,), command.cash_box_id, command.shift_id, store, work)
    after, decision = suppliers.refund(payment, command.amount, command.reason, here, work.new_id())
    await store.save_supplier_payment(after)
    await keep(decision, store, work)
    return after.view()


@handlers.question(ListSupplierPayments)
async def list_supplier_payments(
    question: ListSupplierPayments, store: FinanceStore, work: Work
) -> Page[SupplierPaymentView]:
    check_period(question.start, question.end)
    return page_of(
        await store.supplier_payment_rows(question),
        question.limit,
        lambda row: SupplierPaymentView.model_validate(row, from_attributes=True),
        lambda row: (row.at, row.id),
    )


@handlers.question(ListSupplierBalances)
async def list_supplier_balances(
    question: ListSupplierBalances, store: FinanceStore, work: Work
) -> Page[SupplierBalance]:
    rows = await store.supplier_balances(question, question.at or work.now)
    names = await _names({row.supplier_id for row in rows if row.supplier_id}, work)
    return page_of(
        rows,
        question.limit,
        lambda row: SupplierBalance(
            **{name: row._mapping[name] for name in _SHOWN}, supplier=names.get(row.supplier_id)
        ),
        lambda row: (row.key,),
    )


@handlers.question(SupplierStatement)
async def supplier_statement(
    question: SupplierStatement, store: FinanceStore, work: Work
) -> Page[SupplierEntryView]:
    check_period(question.start, question.end)
    await ensure_supplier(question.supplier_id, work)
    return page_of(
        await store.supplier_entries(question),
        question.limit,
        lambda row: SupplierEntryView(**row._mapping),
        lambda row: (row.at, row.id),
    )


_SHOWN = tuple(SupplierBalance.model_fields.keys() - {"supplier"})


async def ensure_supplier(supplier_id: UUID | None, work: Work) -> None:
    """None is nobody. Refused: ``supplier_not_found``."""
    if supplier_id and not await _names({supplier_id}, work):
        raise Refused("supplier_not_found", id=supplier_id)


async def _names(ids: Collection[UUID], work: Work) -> dict[UUID, str]:
    """Of those suppliers that there are; inventory keeps them."""
    if not ids:
        return {}
    found = await work.ask(GetSuppliers(supplier_ids=tuple(ids)))
    return {supplier.id: supplier.name for supplier in found.items}
