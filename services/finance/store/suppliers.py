"""Suppliers' accounts, read from the postings, and the payments that suppliers got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Uuid, case, func, literal, or_, select, tuple_
from sqlalchemy.sql.selectable import Subquery

from services.finance.domain.ledger import Account
from services.finance.domain.suppliers import SupplierPayment
from services.finance.store.schema import entries, postings
from services.finance.store.schema_suppliers import supplier_payments
from shared.contracts.base import Instant
from shared.contracts.purchasing import (
    ListSupplierBalances,
    ListSupplierPayments,
    SupplierStatement,
)
from shared.database import saving
from shared.handlers import Store
from shared.pagination import by_id, keys_of

NOBODY = UUID(int=0)
"""Stands for no supplier where rows are sorted."""
_SAVE_PAYMENT = saving(supplier_payments)
OF_SUPPLIERS = or_(postings.c.debit == Account.PAYABLES, postings.c.credit == Account.PAYABLES)
_OWED = case((postings.c.credit == Account.PAYABLES, postings.c.amount), else_=-postings.c.amount)
"""By how much more is owed."""


class Suppliers(Store):
    """What suppliers were paid, and what they are owed: there is no row that could disagree with
    the ledger, and nothing to lock but the payment that is given back."""

    async def save_supplier_payment(self, payment: SupplierPayment) -> None:
        await self.connection.execute(_SAVE_PAYMENT, asdict(payment))

    async def supplier_payment(self, payment_id: UUID) -> SupplierPayment | None:
        """Locked until the transaction ends."""
        query = select(supplier_payments).where(supplier_payments.c.id == payment_id)
        row = (await self.connection.execute(query.with_for_update())).one_or_none()
        return SupplierPayment(**row._mapping) if row else None

    async def supplier_payment_rows(self, asked: ListSupplierPayments) -> Sequence[Row[Any]]:
        """One more than a page, newest first."""
        query = select(supplier_payments)
        if asked.supplier_id:
            query = query.where(supplier_payments.c.supplier_id == asked.supplier_id)
        return await self._newest(query, supplier_payments.c, asked)

    async def supplier_balances(
        self, asked: ListSupplierBalances, at: datetime
    ) -> Sequence[Row[Any]]:
        """One more than a page: whoever is owed something, or holds an advance, at that moment."""
        bills = _bills(asked.supplier_id, at)
        opened = _opened(bills)
        owed = func.sum(opened.c.amount)
        query: Select[Any] = (
            select(
                opened.c.key,
                func.nullif(opened.c.key, literal(NOBODY, Uuid)).label("supplier_id"),
                func.greatest(owed, 0).label("owed"),
                func.greatest(-owed, 0).label("advance"),
                _aged(opened, at, None, 31).label("days_0_30"),
                _aged(opened, at, 31, 61).label("days_31_60"),
                _aged(opened, at, 61, 91).label("days_61_90"),
                _aged(opened, at, 91, None).label("days_over_90"),
                func.min(opened.c.at).filter(opened.c.open > 0).label("oldest_at"),
            )
            .group_by(opened.c.key)
            .having(owed != 0)
        )
        query = by_id(query, opened.c.key, asked.cursor, asked.limit)
        found: Sequence[Row[Any]] = (await self.connection.execute(query)).all()
        return found

    async def supplier_entries(self, asked: SupplierStatement) -> Sequence[Row[Any]]:
        """One more than a page, newest first, each with the balance after it."""
        lines = (
            select(
                entries.c.id,
                entries.c.at,
                entries.c.kind,
                entries.c.document_id,
                func.sum(_OWED).label("amount"),
                entries.c.comment,
                entries.c.actor,
            )
            .join(postings, postings.c.entry_id == entries.c.id)
            .where(OF_SUPPLIERS, postings.c.supplier_id == asked.supplier_id)
            .group_by(entries.c.id)
            .subquery()
        )
        balance = func.sum(lines.c.amount).over(order_by=(lines.c.at, lines.c.id))
        account = select(*lines.c, balance.label("balance")).subquery()
        return await self._newest(select(account), account.c, asked)

    async def _newest(
        self, query: Select[Any], columns: Any, asked: ListSupplierPayments | SupplierStatement
    ) -> Sequence[Row[Any]]:
        if asked.start:
            query = query.where(columns.at >= asked.start)
        if asked.end:
            query = query.where(columns.at < asked.end)
        if asked.cursor:
            at, last_id = keys_of(asked.cursor, tuple[Instant, UUID])
            query = query.where(tuple_(columns.at, columns.id) < tuple_(at, last_id))
        query = query.order_by(columns.at.desc(), columns.id.desc()).limit(asked.limit + 1)
        found: Sequence[Row[Any]] = (await self.connection.execute(query)).all()
        return found


def _bills(supplier_id: UUID | None, at: datetime) -> Subquery:
    """What each document comes to: a receipt with its returns, or money that went and came."""
    query = (
        select(
            func.coalesce(postings.c.supplier_id, literal(NOBODY, Uuid)).label("key"),
            entries.c.document_id,
            func.min(entries.c.at).label("at"),
            func.sum(_OWED).label("amount"),
        )
        .join(entries, entries.c.id == postings.c.entry_id)
        .where(OF_SUPPLIERS, entries.c.at <= at)
        .group_by(postings.c.supplier_id, entries.c.document_id)
    )
    if supplier_id:
        query = query.where(postings.c.supplier_id == supplier_id)
    return query.subquery()


def _opened(bills: Subquery) -> Subquery:
    """With what is open of each bill: what is owed in all is that of the newest ones."""
    charged = func.greatest(bills.c.amount, 0)
    balance = func.sum(bills.c.amount).over(partition_by=bills.c.key)
    newer = (
        func.sum(charged).over(
            partition_by=bills.c.key,
            order_by=(bills.c.at.desc(), bills.c.document_id.desc()),
        )
        - charged
    )
    left = func.greatest(0, func.least(charged, balance - newer))
    return select(bills.c.key, bills.c.at, bills.c.amount, left.label("open")).subquery()


def _aged(
    opened: Subquery, at: datetime, days_from: int | None, days_to: int | None
) -> ColumnElement[Any]:
    """What is open of bills that are at least ``days_from`` and less than ``days_to`` days old."""
    ages = []
    if days_from is not None:
        ages.append(opened.c.at <= at - timedelta(days=days_from))
    if days_to is not None:
        ages.append(opened.c.at > at - timedelta(days=days_to))
    return func.coalesce(func.sum(opened.c.open).filter(*ages), 0)
