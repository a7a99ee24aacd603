"""Imports, suppliers' offers, analogues, further part numbers and barcodes."""

import sqlalchemy as sa
from alembic import op

from shared.imports.tables import create_import_tables

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    create_import_tables(op.get_bind())
    _offers()
    _crosses()
    _numbers()
    _barcodes()


def _offers() -> None:
    op.create_table(
        "price_lists",
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("applied_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["supplier_id"], ["suppliers.id"]),
        sa.PrimaryKeyConstraint("supplier_id"),
        sa.UniqueConstraint("list_id"),
    )
    op.create_table(
        "offers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("number_key", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=True),
        sa.Column("vendor_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("search_name", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(12, 2), nullable=False),
        sa.Column("stock", sa.Numeric(12, 3), nullable=True),
        sa.Column("multiplicity", sa.Numeric(12, 3), nullable=False),
        sa.Column("delivery_days", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("offers_of_list", "offers", ["list_id"])
    op.create_index("offers_by_number", "offers", ["number_key", "vendor_key"])
    op.create_index(
        "offers_name_fragment",
        "offers",
        ["search_name"],
        postgresql_ops={"search_name": "gin_trgm_ops"},
        postgresql_using="gin",
    )


def _crosses() -> None:
    op.create_table(
        "cross_lists",
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("applied_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("list_id"),
    )
    op.create_table(
        "crosses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("number_key", sa.Text(), nullable=False),
        sa.Column("vendor_key", sa.Text(), nullable=False),
        sa.Column("cross_key", sa.Text(), nullable=False),
        sa.Column("cross_vendor_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("crosses_of_list", "crosses", ["list_id"])
    op.create_index("crosses_there", "crosses", ["number_key", "vendor_key"])
    op.create_index("crosses_back", "crosses", ["cross_key", "cross_vendor_key"])


def _numbers() -> None:
    op.create_index("products_by_oem", "products", ["oem_key"])
    op.create_table(
        "part_numbers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("number_key", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=True),
        sa.Column("vendor_key", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('oem', 'analogue', 'superseded_by')", name="part_numbers_kind"
        ),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("product_id", "number_key", "vendor_key", name="part_numbers_once"),
    )
    op.create_index("part_numbers_by_number", "part_numbers", ["number_key", "vendor_key"])
    op.create_index(
        "part_numbers_fragment",
        "part_numbers",
        ["number_key"],
        postgresql_ops={"number_key": "gin_trgm_ops"},
        postgresql_using="gin",
    )


def _barcodes() -> None:
    op.create_table(
        "barcodes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["labels.id"]),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_index("barcodes_of_product", "barcodes", ["product_id", "seq"])
    op.execute(
        "INSERT INTO barcodes (code, product_id)"
        " SELECT barcode, id FROM products WHERE barcode IS NOT NULL ORDER BY id"
    )
    op.execute("CREATE SEQUENCE own_barcodes")
