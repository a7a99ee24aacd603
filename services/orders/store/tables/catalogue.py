"""What the catalogue of works says beyond a single price, and how the station rounds."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.orders.store.tables.columns import Hours, Money, Percent, tables

work_variants = Table(
    "work_variants",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("service_id", ForeignKey("works.id"), nullable=False),
    Column("vendor", Text),
    Column("model", Text),
    Column("vehicle_class", Text),
    Column("engine", Text),
    Column("year_from", Integer),
    Column("year_to", Integer),
    Column("price", Money),
    Column("labor_hours", Hours),
    Column("labor_rate", Money),
    Column("estimation_minutes", Integer),
    Column("revision", Integer, nullable=False),
    Index("work_variants_of_work", "service_id", "id"),
)
packages = Table(
    "packages",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("comment", Text),
    # Read and written whole: lists of ``PackageService`` and ``PackagePart``.
    Column("services", JSONB, nullable=False),
    Column("goods", JSONB, nullable=False),
    Column("discount_percent", Percent),
    Column("price", Money),
    Column("active", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
)
price_rules = Table(
    "price_rules",
    tables,
    # No row: the configuration's step, half up.
    Column("station_id", Uuid, primary_key=True),
    Column("step", Numeric(6, 2), nullable=False),
    Column("mode", Text, nullable=False),
    Column("revision", Integer, nullable=False),
)
