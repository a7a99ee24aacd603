"""The tables of inventory.

The busy ones (stock, requests, allocations, movements) have no foreign keys to products: every
writer holds the product's row locked, and a check per row would cost more than the row itself.
"""

from __future__ import annotations

from sqlalchemy import (
    TIMESTAMP,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

tables = MetaData()

Instant = TIMESTAMP(timezone=True)
Money = Numeric(12, 2)
Percent = Numeric(5, 2)
Quantity = Numeric(12, 3)
Value = Numeric(18, 5)
"""A quantity times a unit cost, exact."""

# --- the catalogue -----------------------------------------------------------------------------

labels = Table(
    "labels",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("key", Text, nullable=False),
    # Of measures only: any of the two names is enough to say one.
    Column("short_name", Text),
    Column("short_key", Text, unique=True),
    CheckConstraint("kind IN ('vendor', 'group', 'measure')", name="labels_kind"),
    UniqueConstraint("kind", "key", name="labels_name"),
)
products = Table(
    "products",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("search_name", Text, nullable=False),
    Column("oem", Text),
    Column("oem_key", Text),
    Column("vendor_id", ForeignKey("labels.id")),
    Column("group_id", ForeignKey("labels.id")),
    Column("measure_id", ForeignKey("labels.id"), nullable=False),
    Column("price", Money, nullable=False),
    Column("barcode", Text, unique=True),
    Column("min_stock", Quantity),
    Column("comment", Text),
    Column("active", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("warranty_days", Integer),
    Column("warranty_km", Integer),
    Column("no_discount", Boolean, nullable=False),
    Column("pricing", Text, nullable=False),
    # Of one main unit, rounded: what the markup matrix reckons with, never the books.
    Column("last_cost", Money),
    CheckConstraint("pricing IN ('fixed', 'matrix')", name="products_pricing"),
    Index("products_of_matrix", "id", postgresql_where=text("pricing = 'matrix'")),
    Index("products_with_minimum", "id", postgresql_where=text("min_stock > 0")),
    Index(
        "products_part",
        "vendor_id",
        "oem_key",
        unique=True,
        postgresql_where=text("oem_key IS NOT NULL"),
        postgresql_nulls_not_distinct=True,
    ),
    Index("products_by_oem", "oem_key"),
    Index("products_by_name", "search_name", "id"),
    Index(
        "products_name_fragment",
        "search_name",
        postgresql_using="gin",
        postgresql_ops={"search_name": "gin_trgm_ops"},
    ),
    Index(
        "products_oem_fragment",
        "oem_key",
        postgresql_using="gin",
        postgresql_ops={"oem_key": "gin_trgm_ops"},
    ),
)
product_units = Table(
    "product_units",
    tables,
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("unit_id", ForeignKey("labels.id"), primary_key=True),
    Column("factor", Numeric(13, 6), nullable=False),
    CheckConstraint("factor > 0", name="product_units_factor"),
)
markup_matrix = Table(
    "markup_matrix",
    tables,
    # One row: who computes a price holds it shared, who replaces the rules alone.
    Column("id", Uuid, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("rules", JSONB, nullable=False),
)
warehouses = Table(
    "warehouses",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("revision", Integer, nullable=False),
    Column("costing", Text, nullable=False),
    Column("may_be_negative", Boolean, nullable=False),
    CheckConstraint("costing IN ('fifo', 'average')", name="warehouses_costing"),
)
suppliers = Table(
    "suppliers",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("revision", Integer, nullable=False),
)

# --- stock -------------------------------------------------------------------------------------

stock = Table(
    "stock",
    tables,
    Column("product_id", Uuid, primary_key=True),
    Column("warehouse_id", Uuid, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("on_hand", Quantity, nullable=False),
    Column("reserved", Quantity, nullable=False),
    Column("value", Value, nullable=False),
    # Issued although it was not there; only then is less than nothing on hand.
    Column("missing", Quantity, nullable=False),
    CheckConstraint("missing >= 0", name="stock_missing"),
    CheckConstraint("on_hand + missing >= 0", name="stock_on_hand"),
    CheckConstraint("reserved >= 0", name="stock_reserved"),
    CheckConstraint("reserved <= on_hand + missing", name="stock_reserved_is_there"),
    Index("stock_by_warehouse", "warehouse_id", "product_id"),
)
movements = Table(
    "movements",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("product_id", Uuid, nullable=False),
    Column("warehouse_id", Uuid, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("value", Value, nullable=False),
    Column("order_id", Uuid),
    Column("line_id", Uuid),
    Column("document_id", Uuid),
    Column("actor", Text, nullable=False),
    Column("reason", Text),
    Index("movements_of_product", "product_id", "at", "id"),
    Index("movements_of_order", "order_id", "id", postgresql_where=text("order_id IS NOT NULL")),
)
receipt_numbers = Sequence("receipt_numbers", metadata=tables)
receipts = Table(
    "receipts",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("warehouse_id", ForeignKey("warehouses.id"), nullable=False),
    Column("supplier_id", ForeignKey("suppliers.id"), nullable=False),
    Column("supplier_document", Text),
    Column("total_cost", Money, nullable=False),
    Column("actor", Text, nullable=False),
    Column("supplier_document_date", Date),
    Column("purchase_order_id", Uuid),
    Column("prices_include_vat", Boolean, nullable=False),
    Column("vat_in_cost", Boolean, nullable=False),
    Column("extra_spread", Text, nullable=False),
    Index("receipts_of_supplier", "supplier_id", "id"),
)
receipt_lines = Table(
    "receipt_lines",
    tables,
    Column("receipt_id", ForeignKey("receipts.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    # As they stand on the supplier's paper; without a measure in the product's main unit.
    Column("quantity", Quantity, nullable=False),
    Column("cost", Money, nullable=False),
    Column("measure", Text),
    Column("vat_percent", Percent),
    # What follows is reckoned: in main units, and in money of the whole line.
    Column("main_quantity", Quantity, nullable=False),
    Column("total_without_vat", Money, nullable=False),
    Column("vat", Money, nullable=False),
    Column("extra_cost", Money, nullable=False),
    Column("stock_cost", Money, nullable=False),
    Index("receipt_lines_of_product", "product_id", "receipt_id"),
)
lots = Table(
    "lots",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("warehouse_id", ForeignKey("warehouses.id"), nullable=False),
    Column("receipt_id", ForeignKey("receipts.id")),
    Column("position", Integer, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("unit_cost", Money, nullable=False),
    Column("remaining", Quantity, nullable=False),
    # Of all that remains, by the warehouse's method of costing.
    Column("value", Value, nullable=False),
    CheckConstraint("remaining >= 0 AND remaining <= quantity", name="lots_remaining"),
    CheckConstraint("value >= 0 AND (remaining > 0 OR value = 0)", name="lots_value"),
    # A line makes one; those of earlier versions may have two, a kopeck apart.
    UniqueConstraint("receipt_id", "position", "unit_cost", name="lots_of_receipt"),
    Index("lots_to_use", "product_id", postgresql_where=text("remaining > 0")),
)

# --- what orders want and took -----------------------------------------------------------------

requests = Table(
    "requests",
    tables,
    Column("line_id", Uuid, primary_key=True),
    Column("order_id", Uuid, nullable=False),
    Column("product_id", Uuid, nullable=False),
    Column("line_version", Integer, nullable=False),
    Column("wanted", Quantity, nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("answer", Integer, nullable=False),
    Column("issued", Quantity, nullable=False),
    # Follows from the others and the allocations; kept, so that a queue is found by an index.
    Column("short", Quantity, nullable=False),
    Column("lost", Quantity, nullable=False),
    CheckConstraint("wanted >= 0 AND issued >= 0 AND short >= 0", name="requests_quantities"),
    Index("requests_of_order", "order_id"),
    Index("requests_waiting", "product_id", postgresql_where=text("short > 0")),
)
allocations = Table(
    "allocations",
    tables,
    Column("line_id", Uuid, primary_key=True),
    Column("warehouse_id", Uuid, primary_key=True),
    Column("reserved", Quantity, nullable=False),
    CheckConstraint("reserved > 0", name="allocations_reserved"),
)
cancelled_orders = Table(
    "cancelled_orders",
    tables,
    Column("order_id", Uuid, primary_key=True),
    Column("cancelled_at", Instant, nullable=False),
)
completions = Table(
    "completions",
    tables,
    Column("order_id", Uuid, primary_key=True),
    Column("completion", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    CheckConstraint("state IN ('issued', 'returned', 'void')", name="completions_state"),
)
consumptions = Table(
    "consumptions",
    tables,
    Column("order_id", Uuid, primary_key=True),
    Column("completion", Integer, primary_key=True),
    Column("line_id", Uuid, primary_key=True),
    Column("lot_id", ForeignKey("lots.id"), primary_key=True),
    Column("product_id", Uuid, nullable=False),
    Column("warehouse_id", Uuid, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("cost", Value, nullable=False),
    Column("returned", Boolean, nullable=False),
    CheckConstraint("quantity > 0", name="consumptions_quantity"),
)
shortages = Table(
    "shortages",
    tables,
    Column("order_id", Uuid, primary_key=True),
    Column("completion", Integer, primary_key=True),
    Column("line_id", Uuid, primary_key=True),
    Column("product_id", Uuid, nullable=False),
    Column("warehouse_id", Uuid, nullable=False),
    Column("since", Instant, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("missing", Quantity, nullable=False),
    # Of what is missing still: what it was issued at.
    Column("value", Value, nullable=False),
    CheckConstraint("missing >= 0 AND missing <= quantity", name="shortages_missing"),
    CheckConstraint("value >= 0 AND (missing > 0 OR value = 0)", name="shortages_value"),
    Index("shortages_to_fill", "product_id", postgresql_where=text("missing > 0")),
)
written_off = Table(
    "written_off",
    tables,
    Column("line_id", Uuid, primary_key=True),
    Column("line_version", Integer, primary_key=True),
    Column("order_id", Uuid, nullable=False),
    Column("product_id", Uuid, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("cost", Money, nullable=False),
)
"""What lines of reopened orders gave up for lost; only ever inserted into."""
