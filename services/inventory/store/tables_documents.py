"""Tables of what moves stock without a supplier or a client: transfers, write-offs, counts."""

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

from services.inventory.store.tables import Instant, Money, Quantity, Value, tables

transfer_numbers = Sequence("transfer_numbers", metadata=tables)
transfers = Table(
    "transfers",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("from_warehouse_id", ForeignKey("warehouses.id"), nullable=False),
    Column("to_warehouse_id", ForeignKey("warehouses.id"), nullable=False),
    Column("comment", Text),
    Column("actor", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("closed_at", Instant),
    Column("revision", Integer, nullable=False),
    CheckConstraint(
        "state IN ('in_transit', 'received', 'received_in_part', 'cancelled')",
        name="transfers_state",
    ),
    CheckConstraint("from_warehouse_id <> to_warehouse_id", name="transfers_to_another"),
    CheckConstraint("(state = 'in_transit') = (closed_at IS NULL)", name="transfers_closed"),
    Index("transfers_open", "id", postgresql_where=text("state = 'in_transit'")),
)
told_costs = Table(
    "told_costs",
    tables,
    # What an older version did not tell of a completion's cost was told then.
    Column("order_id", Uuid, primary_key=True),
    Column("completion", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
)
parcels = Table(
    "parcels",
    tables,
    Column("transfer_id", ForeignKey("transfers.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("unit_cost", Money, nullable=False),
    Column("value", Value, nullable=False),
    Column("left_value", Value, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("received", Quantity, nullable=False),
    Column("returned", Quantity, nullable=False),
    CheckConstraint(
        "quantity > 0 AND received >= 0 AND returned >= 0 AND received + returned <= quantity",
        name="parcels_quantities",
    ),
)
write_off_numbers = Sequence("write_off_numbers", metadata=tables)
write_offs = Table(
    "write_offs",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("warehouse_id", ForeignKey("warehouses.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("value", Money, nullable=False),
    Column("actor", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("cancelled_at", Instant),
    Column("cancel_reason", Text),
    Column("revision", Integer, nullable=False),
    CheckConstraint("state IN ('posted', 'cancelled')", name="write_offs_state"),
)
write_off_parts = Table(
    "write_off_parts",
    tables,
    Column("write_off_id", ForeignKey("write_offs.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("unit_cost", Money, nullable=False),
    Column("value", Value, nullable=False),
    Column("received_at", Instant, nullable=False),
    CheckConstraint("quantity > 0", name="write_off_parts_quantity"),
)
count_numbers = Sequence("count_numbers", metadata=tables)
counts = Table(
    "counts",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("warehouse_id", ForeignKey("warehouses.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("comment", Text),
    Column("surplus", Money),
    Column("shortage", Money),
    Column("actor", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    CheckConstraint("state IN ('open', 'posted', 'cancelled')", name="counts_state"),
    Index(
        "counts_open_in_warehouse",
        "warehouse_id",
        unique=True,
        postgresql_where=text("state = 'open'"),
    ),
)
count_lines = Table(
    "count_lines",
    tables,
    Column("count_id", ForeignKey("counts.id"), primary_key=True),
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("expected", Quantity, nullable=False),
    Column("counted", Quantity),
    CheckConstraint("counted >= 0", name="count_lines_counted"),
)
