"""What reports of stock answer from: movements summed by day, month, quarter and year, and when
things last moved. All of it follows from the movements, and can be reckoned from them anew."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Numeric, Table, Text, Uuid, text

from services.inventory.store.tables import Instant, tables

unfolded = Table("unfolded", tables, Column("movement_id", Uuid, primary_key=True))
"""Movements that the sums do not know yet. Whoever writes a movement writes its row."""
stock_sums = Table(
    "stock_sums",
    tables,
    Column("product_id", Uuid, primary_key=True),
    Column("warehouse_id", Uuid, primary_key=True),
    Column("grain", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("incoming", Boolean, primary_key=True),
    Column("quantity", Numeric(18, 3), nullable=False),
    Column("value", Numeric(24, 5), nullable=False),
    # Quantity times the days from 2000 to the movement: what lay there on average follows from it.
    Column("moment", Numeric(30, 6), nullable=False),
)
last_moves = Table(
    "last_moves",
    tables,
    Column("product_id", Uuid, primary_key=True),
    Column("warehouse_id", Uuid, primary_key=True),
    Column("receipt_at", Instant),
    Column("issue_at", Instant),
    # Since it was last taken of; of what never was, since it first came.
    Column("idle_since", Instant, nullable=False),
    # Whether anything is on hand.
    Column("lies", Boolean, nullable=False),
    # What lies idle is read from the beginning of it, the longest first.
    Index(
        "last_moves_idle",
        *("idle_since", "product_id", "warehouse_id"),
        postgresql_where=text("lies"),
    ),
)
"""When a product was last received into a warehouse, and when an order last took of it there. A row
of every place where something ever moved."""
