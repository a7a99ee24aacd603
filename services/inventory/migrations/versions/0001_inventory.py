"""The catalogue, stock with its movements and lots, and what orders want of it."""

import sqlalchemy as sa
from alembic import op

from shared.database import create_delivery_tables, make_append_only

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("receipt_numbers")))
    op.create_table(
        "allocations",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("reserved", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.CheckConstraint("reserved > 0", name="allocations_reserved"),
        sa.PrimaryKeyConstraint("line_id", "warehouse_id"),
    )
    op.create_table(
        "cancelled_orders",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("cancelled_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_table(
        "completions",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("completion", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('issued', 'returned', 'void')", name="completions_state"),
        sa.PrimaryKeyConstraint("order_id", "completion"),
    )
    op.create_table(
        "labels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('vendor', 'group', 'measure')", name="labels_kind"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "key", name="labels_name"),
    )
    op.create_table(
        "movements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.Column("value", sa.Numeric(precision=18, scale=5), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("movements_by_time", "movements", ["at"], unique=False, postgresql_using="brin")
    op.create_index(
        "movements_of_order",
        "movements",
        ["order_id", "id"],
        unique=False,
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_index("movements_of_product", "movements", ["product_id", "id"], unique=False)
    op.create_table(
        "requests",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("line_version", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.Column("requested_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answer", sa.Integer(), nullable=False),
        sa.Column("issued", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.Column("short", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.CheckConstraint(
            "wanted >= 0 AND issued >= 0 AND short >= 0", name="requests_quantities"
        ),
        sa.PrimaryKeyConstraint("line_id"),
    )
    op.create_index("requests_of_order", "requests", ["order_id"], unique=False)
    op.create_index(
        "requests_waiting",
        "requests",
        ["product_id"],
        unique=False,
        postgresql_where=sa.text("short > 0"),
    )
    op.create_table(
        "stock",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("on_hand", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.Column("reserved", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.Column("value", sa.Numeric(precision=18, scale=5), nullable=False),
        sa.CheckConstraint("on_hand >= 0", name="stock_on_hand"),
        sa.CheckConstraint("reserved <= on_hand", name="stock_reserved_is_there"),
        sa.CheckConstraint("reserved >= 0", name="stock_reserved"),
        sa.PrimaryKeyConstraint("product_id", "warehouse_id"),
    )
    op.create_index("stock_by_warehouse", "stock", ["warehouse_id", "product_id"], unique=False)
    op.create_table(
        "suppliers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "warehouses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "products",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search_name", sa.Text(), nullable=False),
        sa.Column("oem", sa.Text(), nullable=True),
        sa.Column("oem_key", sa.Text(), nullable=True),
        sa.Column("vendor_id", sa.Uuid(), nullable=True),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("measure_id", sa.Uuid(), nullable=False),
        sa.Column("price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("barcode", sa.Text(), nullable=True),
        sa.Column("min_stock", sa.Numeric(precision=12, scale=3), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["labels.id"],
        ),
        sa.ForeignKeyConstraint(
            ["measure_id"],
            ["labels.id"],
        ),
        sa.ForeignKeyConstraint(
            ["vendor_id"],
            ["labels.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("barcode"),
    )
    op.create_index("products_by_name", "products", ["search_name", "id"], unique=False)
    op.create_index(
        "products_name_fragment",
        "products",
        ["search_name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search_name": "gin_trgm_ops"},
    )
    op.create_index(
        "products_oem_fragment",
        "products",
        ["oem_key"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"oem_key": "gin_trgm_ops"},
    )
    op.create_index(
        "products_part",
        "products",
        ["vendor_id", "oem_key"],
        unique=True,
        postgresql_where=sa.text("oem_key IS NOT NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "receipts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_document", sa.Text(), nullable=True),
        sa.Column("total_cost", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["supplier_id"],
            ["suppliers.id"],
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"],
            ["warehouses.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("receipts_of_supplier", "receipts", ["supplier_id", "id"], unique=False)
    op.create_table(
        "lots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.Column("unit_cost", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("remaining", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.CheckConstraint("remaining >= 0 AND remaining <= quantity", name="lots_remaining"),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"],
            ["warehouses.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("receipt_id", "position", name="lots_of_receipt"),
    )
    op.create_index(
        "lots_to_use",
        "lots",
        ["product_id"],
        unique=False,
        postgresql_where=sa.text("remaining > 0"),
    )
    op.create_table(
        "consumptions",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("completion", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.Column("unit_cost", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("returned", sa.Boolean(), nullable=False),
        sa.CheckConstraint("quantity > 0", name="consumptions_quantity"),
        sa.ForeignKeyConstraint(
            ["lot_id"],
            ["lots.id"],
        ),
        sa.PrimaryKeyConstraint("order_id", "completion", "line_id", "lot_id"),
    )

    create_delivery_tables(op.get_bind())
    make_append_only(op.get_bind(), "movements")
