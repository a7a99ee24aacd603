"""The tables of what suppliers offer, of what does the same, and of further numbers and barcodes.

Keys are those of ``domain.catalogue``; nobody's vendor has the empty key.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from services.inventory.store.tables import Instant, Money, Quantity, tables

price_lists = Table(
    "price_lists",
    tables,
    # Of a supplier's lists the one of the latest day that has come holds: to apply another one is
    # to change a row of these.
    Column("supplier_id", ForeignKey("suppliers.id"), primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("list_id", Uuid, nullable=False, unique=True),
    Column("applied_at", Instant, nullable=False),
)
offers = Table(
    "offers",
    tables,
    Column("id", Uuid, primary_key=True),
    # The import that brought it; it is offered while that holds by ``price_lists``.
    Column("list_id", Uuid, nullable=False),
    Column("number", Text, nullable=False),
    Column("number_key", Text, nullable=False),
    Column("vendor", Text),
    Column("vendor_key", Text, nullable=False),
    Column("name", Text),
    Column("search_name", Text, nullable=False),
    Column("price", Money, nullable=False),
    Column("stock", Quantity),
    Column("multiplicity", Quantity, nullable=False),
    Column("delivery_days", Integer),
    Index("offers_of_list", "list_id"),
    Index("offers_by_number", "number_key", "vendor_key"),
    Index(
        "offers_name_fragment",
        "search_name",
        postgresql_using="gin",
        postgresql_ops={"search_name": "gin_trgm_ops"},
    ),
)
cross_lists = Table(
    "cross_lists",
    tables,
    Column("list_id", Uuid, primary_key=True),
    Column("applied_at", Instant, nullable=False),
)
crosses = Table(
    "crosses",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("list_id", Uuid, nullable=False),
    Column("number_key", Text, nullable=False),
    Column("vendor_key", Text, nullable=False),
    Column("cross_key", Text, nullable=False),
    Column("cross_vendor_key", Text, nullable=False),
    Index("crosses_of_list", "list_id"),
    Index("crosses_there", "number_key", "vendor_key"),
    Index("crosses_back", "cross_key", "cross_vendor_key"),
)
part_numbers = Table(
    "part_numbers",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("number_key", Text, nullable=False),
    Column("vendor", Text),
    Column("vendor_key", Text, nullable=False),
    CheckConstraint("kind IN ('oem', 'analogue', 'superseded_by')", name="part_numbers_kind"),
    UniqueConstraint("product_id", "number_key", "vendor_key", name="part_numbers_once"),
    Index("part_numbers_by_number", "number_key", "vendor_key"),
    Index(
        "part_numbers_fragment",
        "number_key",
        postgresql_using="gin",
        postgresql_ops={"number_key": "gin_trgm_ops"},
    ),
)
barcodes = Table(
    "barcodes",
    tables,
    Column("code", Text, primary_key=True),
    Column("seq", BigInteger, Identity(always=True), nullable=False),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    # Null: the product's main unit, whatever that is.
    Column("unit_id", ForeignKey("labels.id")),
    Index("barcodes_of_product", "product_id", "seq"),
)
"""Every code of every product, ``products.barcode`` (the first of its own) among them."""
own_barcodes = Sequence("own_barcodes", metadata=tables)
