"""What the books say of orders and receipts, for whoever compares it with what others say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, case, func, select, text, true

from services.finance.domain.ledger import CHARGED, Account
from services.finance.domain.settlement import State
from services.finance.store.schema import accounts, entries, orders, payments, postings, settlements
from services.finance.store.suppliers import OF_SUPPLIERS
from shared.contracts.reconciliation import (
    AccountBalance,
    GetBooksFigures,
    GetReceiptDebts,
    ReceiptFigures,
    SupplierDebt,
)
from shared.handlers import Store
from shared.pagination import by_id


def _balance(accounts: Sequence[Account], sign: int) -> ColumnElement[Any]:
    """Debits less credits of the accounts, times ``sign``."""
    return func.coalesce(
        func.sum(
            case((postings.c.debit.in_(accounts), postings.c.amount), else_=0)
            - case((postings.c.credit.in_(accounts), postings.c.amount), else_=0)
        )
        * sign,
        0,
    )


_POSTED = (
    select(
        _balance(CHARGED, -1).label("revenue"),
        _balance((Account.COST_OF_GOODS,), 1).label("cost"),
        _balance((Account.LABOR_PAY,), 1).label("pay"),
    )
    .select_from(entries.join(postings, postings.c.entry_id == entries.c.id))
    .where(entries.c.order_id == orders.c.id)
    .lateral("posted")
)
_PAID = (
    select(func.coalesce(func.sum(payments.c.amount - payments.c.refunded), 0))
    .where(payments.c.order_id == orders.c.id)
    .scalar_subquery()
)
_FIGURES = select(
    orders.c.id,
    orders.c.number,
    func.coalesce(settlements.c.completion, 0).label("completion"),
    func.coalesce(settlements.c.revenue, 0).label("revenue"),
    func.coalesce(settlements.c.cost, 0).label("cost"),
    func.coalesce(settlements.c.pay, 0).label("pay"),
    func.coalesce(settlements.c.revenue - settlements.c.paid, 0).label("due"),
    settlements.c.client_id,
    settlements.c.completed_at,
    settlements.c.section_id,
    func.coalesce(
        settlements.c.vat_services + settlements.c.vat_products + settlements.c.vat_materials, 0
    ).label("vat"),
    func.coalesce(accounts.c.merged_into, orders.c.client_id).label("ordered_by"),
    orders.c.cancelled,
    _PAID.label("paid"),
    _POSTED.c.revenue.label("posted_revenue"),
    _POSTED.c.cost.label("posted_cost"),
    _POSTED.c.pay.label("posted_pay"),
).select_from(
    orders.outerjoin(
        settlements,
        and_(settlements.c.order_id == orders.c.id, settlements.c.state == State.SETTLED),
    )
    .outerjoin(accounts, accounts.c.client_id == orders.c.client_id)
    .join(_POSTED, true())
)
# As its index has it: a receipt's returns are written with the receipt's own id.
_OF_RECEIPTS = text("entries.kind IN ('receipt', 'supplier_return')")
_RECEIPTS = select(entries.c.document_id).distinct().where(_OF_RECEIPTS)
_DEBTS = (
    select(
        entries.c.document_id,
        postings.c.supplier_id,
        _balance((Account.PAYABLES,), -1).label("amount"),
    )
    .join(postings, postings.c.entry_id == entries.c.id)
    .where(_OF_RECEIPTS, OF_SUPPLIERS)
    .group_by(entries.c.document_id, postings.c.supplier_id)
)


class Figures(Store):
    """Reads without locks."""

    async def figure_rows(self, asked: GetBooksFigures) -> Sequence[Row[Any]]:
        """One more than a page, by the order's id."""
        statement = by_id(_FIGURES, orders.c.id, asked.cursor, asked.limit, only=asked.order_ids)
        rows: Sequence[Any] = (await self.connection.execute(statement)).all()
        return rows

    async def receipt_debts(self, asked: GetReceiptDebts) -> list[ReceiptFigures]:
        """One more than a page, by the receipt's id."""
        key = entries.c.document_id
        statement = by_id(_RECEIPTS, key, asked.cursor, asked.limit, only=asked.receipt_ids)
        receipt_ids = (await self.connection.execute(statement)).scalars().all()
        owed: dict[UUID, list[SupplierDebt]] = {receipt_id: [] for receipt_id in receipt_ids}
        debts = _DEBTS.where(entries.c.document_id.in_(receipt_ids))
        for row in await self.connection.execute(debts):
            debt = SupplierDebt(supplier_id=row.supplier_id, amount=row.amount)
            owed[row.document_id].append(debt)
        return [
            ReceiptFigures(receipt_id=receipt_id, owed=tuple(each))
            for receipt_id, each in owed.items()
        ]

    async def account_balances(self) -> tuple[AccountBalance, ...]:
        debits = select(postings.c.debit.label("account"), postings.c.amount)
        credits = select(postings.c.credit.label("account"), (-postings.c.amount).label("amount"))
        moved = debits.union_all(credits).subquery("moved")
        statement = (
            select(moved.c.account, func.sum(moved.c.amount).label("amount"))
            .group_by(moved.c.account)
            .order_by(moved.c.account)
        )
        rows = await self.connection.execute(statement)
        return tuple(AccountBalance(account=row.account, amount=row.amount) for row in rows)
