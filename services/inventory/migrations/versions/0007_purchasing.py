"""Buying: VAT and extra costs of receipts, what suppliers are owed, returns to suppliers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

from shared.database import make_append_only

revision = "0007"
down_revision = "0006"

MONEY = sa.Numeric(12, 2)
PERCENT = sa.Numeric(5, 2)
QUANTITY = sa.Numeric(12, 3)
INSTANT = TIMESTAMP(timezone=True)


def upgrade() -> None:
    _extend_receipts()
    _extend_receipt_lines()
    _create_charges()
    _create_returns()
    _create_purchase_orders()
    _create_purchase_order_lines()
    make_append_only(
        op.get_bind(),
        "receipt_extras",
        "supplier_charges",
        "supplier_returns",
        "supplier_return_lines",
        "purchase_arrivals",
    )


def _extend_receipts() -> None:
    op.add_column("receipts", sa.Column("supplier_document_date", sa.Date))
    op.add_column("receipts", sa.Column("purchase_order_id", sa.Uuid))
    for column, kind, start in (
        ("prices_include_vat", sa.Boolean(), "false"),
        ("vat_in_cost", sa.Boolean(), "false"),
        ("extra_spread", sa.Text(), "by_value"),
    ):
        op.add_column("receipts", sa.Column(column, kind, nullable=False, server_default=start))
        op.alter_column("receipts", column, server_default=None)


def _extend_receipt_lines() -> None:
    """So far nobody charged VAT, and nothing came on top."""
    op.add_column("receipt_lines", sa.Column("vat_percent", PERCENT))
    op.add_column("receipt_lines", sa.Column("main_quantity", QUANTITY))
    for column in ("total_without_vat", "vat", "extra_cost", "stock_cost"):
        op.add_column("receipt_lines", sa.Column(column, MONEY))
    op.execute(
        "UPDATE receipt_lines SET vat = 0, extra_cost = 0, main_quantity = lot.quantity,"
        " total_without_vat = round(receipt_lines.quantity * cost, 2),"
        " stock_cost = round(receipt_lines.quantity * cost, 2)"
        " FROM (SELECT receipt_id, position, sum(quantity) AS quantity FROM lots"
        " GROUP BY receipt_id, position) AS lot"
        " WHERE lot.receipt_id = receipt_lines.receipt_id"
        " AND lot.position = receipt_lines.position"
    )
    for column in ("main_quantity", "total_without_vat", "vat", "extra_cost", "stock_cost"):
        op.alter_column("receipt_lines", column, nullable=False)
    op.create_index("receipt_lines_of_product", "receipt_lines", ["product_id", "receipt_id"])


def _create_charges() -> None:
    op.create_table(
        "receipt_extras",
        sa.Column("receipt_id", sa.Uuid, sa.ForeignKey("receipts.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("vat_percent", PERCENT),
        sa.Column("supplier_id", sa.Uuid, sa.ForeignKey("suppliers.id")),
    )
    op.create_table(
        "supplier_charges",
        sa.Column("document_id", sa.Uuid, primary_key=True),
        sa.Column("supplier_id", sa.Uuid, sa.ForeignKey("suppliers.id"), primary_key=True),
        sa.Column("cost", MONEY, nullable=False),
        sa.Column("vat", MONEY, nullable=False),
    )
    op.execute(
        "INSERT INTO supplier_charges (document_id, supplier_id, cost, vat)"
        " SELECT id, supplier_id, total_cost, 0 FROM receipts"
    )


def _create_returns() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("supplier_return_numbers")))
    op.create_table(
        "supplier_returns",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Text, nullable=False, unique=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("receipt_id", sa.Uuid, sa.ForeignKey("receipts.id"), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("cost", MONEY, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.CheckConstraint("kind IN ('return', 'storno')", name="supplier_returns_kind"),
    )
    op.create_index("supplier_returns_of_receipt", "supplier_returns", ["receipt_id", "id"])
    op.create_index(
        "supplier_returns_storno",
        "supplier_returns",
        ["receipt_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'storno'"),
    )
    op.create_table(
        "supplier_return_lines",
        sa.Column("return_id", sa.Uuid, sa.ForeignKey("supplier_returns.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("product_id", sa.Uuid, sa.ForeignKey("products.id"), nullable=False),
        sa.Column("quantity", QUANTITY, nullable=False),
        sa.Column("cost", MONEY, nullable=False),
        sa.Column("total_without_vat", MONEY, nullable=False),
        sa.Column("vat", MONEY, nullable=False),
        sa.CheckConstraint("quantity > 0", name="supplier_return_lines_quantity"),
    )


def _create_purchase_orders() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("purchase_order_numbers")))
    op.create_table(
        "purchase_orders",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Text, nullable=False, unique=True),
        sa.Column("supplier_id", sa.Uuid, sa.ForeignKey("suppliers.id"), nullable=False),
        sa.Column("warehouse_id", sa.Uuid, sa.ForeignKey("warehouses.id"), nullable=False),
        sa.Column("expected_on", sa.Date),
        sa.Column("comment", sa.Text),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sent_at", INSTANT),
        sa.Column("closed_reason", sa.Text),
        sa.Column("prepayment_waiver", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'sent', 'partly_received', 'received', 'cancelled')",
            name="purchase_orders_state",
        ),
    )
    op.create_index(
        "purchase_orders_open",
        "purchase_orders",
        ["id"],
        postgresql_where=sa.text("state IN ('draft', 'sent', 'partly_received')"),
    )
    op.create_index("purchase_orders_of_supplier", "purchase_orders", ["supplier_id", "id"])


def _create_purchase_order_lines() -> None:
    op.create_table(
        "purchase_order_lines",
        sa.Column(
            "purchase_order_id", sa.Uuid, sa.ForeignKey("purchase_orders.id"), primary_key=True
        ),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("product_id", sa.Uuid, nullable=False),
        sa.Column("quantity", QUANTITY, nullable=False),
        sa.Column("measure", sa.Text),
        sa.Column("cost", MONEY),
        sa.Column("main_quantity", QUANTITY, nullable=False),
        sa.Column("order_id", sa.Uuid),
        sa.Column("line_id", sa.Uuid),
        sa.Column("received", QUANTITY, nullable=False),
        sa.CheckConstraint(
            "main_quantity > 0 AND received >= 0", name="purchase_order_lines_quantity"
        ),
    )
    op.create_index(
        "purchase_order_lines_of_product",
        "purchase_order_lines",
        ["product_id", "purchase_order_id"],
    )
    op.create_index(
        "purchase_order_lines_of_order",
        "purchase_order_lines",
        ["order_id"],
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_table(
        "purchase_arrivals",
        sa.Column("receipt_id", sa.Uuid, sa.ForeignKey("receipts.id"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("quantity", QUANTITY, nullable=False),
        sa.CheckConstraint("quantity > 0", name="purchase_arrivals_quantity"),
    )
    op.create_table(
        "prepayments",
        sa.Column("order_id", sa.Uuid, primary_key=True),
        sa.Column("required", MONEY, nullable=False),
    )
