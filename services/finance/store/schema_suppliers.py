"""Payments to suppliers. What a supplier is owed has no table: it is the sum of the postings."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Table, Text, Uuid

from services.finance.store.schema import INSTANT, MONEY, tables

supplier_payments = Table(
    "supplier_payments",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("supplier_id", Uuid, nullable=False),
    Column("amount", MONEY, nullable=False),
    Column("method", Text, nullable=False),
    Column("refunded", MONEY, nullable=False),
    Column("document", Text),
    Column("comment", Text),
    Column("actor", Text, nullable=False),
    CheckConstraint(
        "amount > 0 AND refunded >= 0 AND refunded <= amount", name="supplier_payments_parts"
    ),
    Index("supplier_payments_at", "at", "id"),
    Index("supplier_payments_supplier", "supplier_id", "at"),
)
