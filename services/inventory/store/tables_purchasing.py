"""The tables of buying: what came on top of receipts, what suppliers are owed, what went back."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Sequence,
    Table,
    Text,
    Uuid,
    exists,
    func,
    text,
)

from services.inventory.store.tables import Instant, Money, Percent, Quantity, receipts, tables

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
STANDS = ~exists().where(
    supplier_returns.c.receipt_id == receipts.c.id, supplier_returns.c.kind == "storno"
)
"""Of a receipt: it was no mistake."""
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

# --- what is ordered from suppliers --------------------------------------------------------------

purchase_order_numbers = Sequence("purchase_order_numbers", metadata=tables)
purchase_orders = Table(
    "purchase_orders",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("supplier_id", ForeignKey("suppliers.id"), nullable=False),
    Column("warehouse_id", ForeignKey("warehouses.id"), nullable=False),
    Column("expected_on", Date),
    Column("comment", Text),
    Column("created_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("sent_at", Instant),
    Column("closed_reason", Text),
    Column("prepayment_waiver", Text),
    Column("revision", Integer, nullable=False),
    CheckConstraint(
        "state IN ('draft', 'sent', 'partly_received', 'received', 'cancelled')",
        name="purchase_orders_state",
    ),
    Index(
        "purchase_orders_open",
        "id",
        postgresql_where=text("state IN ('draft', 'sent', 'partly_received')"),
    ),
    Index("purchase_orders_of_supplier", "supplier_id", "id"),
)
purchase_order_lines = Table(
    "purchase_order_lines",
    tables,
    Column("purchase_order_id", ForeignKey("purchase_orders.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("product_id", Uuid, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("measure", Text),
    Column("cost", Money),
    Column("main_quantity", Quantity, nullable=False),
    # The client's order, and its line, that it is bought for.
    Column("order_id", Uuid),
    Column("line_id", Uuid),
    Column("received", Quantity, nullable=False),
    CheckConstraint("main_quantity > 0 AND received >= 0", name="purchase_order_lines_quantity"),
    Index("purchase_order_lines_of_product", "product_id", "purchase_order_id"),
    Index(
        "purchase_order_lines_of_order", "order_id", postgresql_where=text("order_id IS NOT NULL")
    ),
)
MISSING = func.greatest(purchase_order_lines.c.main_quantity - purchase_order_lines.c.received, 0)
"""What a line of a purchase order still lacks."""
purchase_arrivals = Table(
    "purchase_arrivals",
    tables,
    # How much of which line came with which receipt.
    Column("receipt_id", ForeignKey("receipts.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("quantity", Quantity, nullable=False),
    CheckConstraint("quantity > 0", name="purchase_arrivals_quantity"),
)
prepayments = Table(
    "prepayments",
    tables,
    Column("order_id", Uuid, primary_key=True),
    Column("required", Money, nullable=False),
)
