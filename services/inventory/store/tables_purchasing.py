"""The tables of buying: what came on top of receipts, what suppliers are owed, what went back."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Sequence,
    Table,
    Text,
    Uuid,
    text,
)

from services.inventory.store.tables import Instant, Money, Percent, Quantity, tables

receipt_extras = Table(
    "receipt_extras",
    tables,
    Column("receipt_id", ForeignKey("receipts.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("amount", Money, nullable=False),
    Column("vat_percent", Percent),
    Column("supplier_id", ForeignKey("suppliers.id")),
)
supplier_charges = Table(
    "supplier_charges",
    tables,
    # A receipt, by which the supplier is owed more, or a return, by which less.
    Column("document_id", Uuid, primary_key=True),
    Column("supplier_id", ForeignKey("suppliers.id"), primary_key=True),
    Column("cost", Money, nullable=False),
    Column("vat", Money, nullable=False),
)
supplier_return_numbers = Sequence("supplier_return_numbers", metadata=tables)
supplier_returns = Table(
    "supplier_returns",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("receipt_id", ForeignKey("receipts.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("cost", Money, nullable=False),
    Column("actor", Text, nullable=False),
    CheckConstraint("kind IN ('return', 'storno')", name="supplier_returns_kind"),
    Index("supplier_returns_of_receipt", "receipt_id", "id"),
    Index(
        "supplier_returns_storno",
        "receipt_id",
        unique=True,
        postgresql_where=text("kind = 'storno'"),
    ),
)
supplier_return_lines = Table(
    "supplier_return_lines",
    tables,
    Column("return_id", ForeignKey("supplier_returns.id"), primary_key=True),
    # Of the receipt's line.
    Column("position", Integer, primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("cost", Money, nullable=False),
    Column("total_without_vat", Money, nullable=False),
    Column("vat", Money, nullable=False),
    CheckConstraint("quantity > 0", name="supplier_return_lines_quantity"),
)
