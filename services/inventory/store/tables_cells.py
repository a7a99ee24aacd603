"""Storage places within a warehouse, and which of them is a product's home."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, Uuid

from services.inventory.store.tables import tables

__all__ = ["cells", "home_cells", "tables"]

cells = Table(
    "cells",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("warehouse_id", ForeignKey("warehouses.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("barcode", Text),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("warehouse_id", "key", name="cells_name"),
    UniqueConstraint("barcode", name="cells_barcode"),
)
home_cells = Table(
    "home_cells",
    tables,
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("warehouse_id", ForeignKey("warehouses.id"), primary_key=True),
    Column("cell_id", ForeignKey("cells.id"), nullable=False),
    Index("home_cells_of_cell", "cell_id"),
)
