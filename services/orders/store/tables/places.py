"""The station's places and people, and the catalogue of works."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.orders.store.tables.columns import Hours, Money, Percent, tables

stations = Table(
    "stations",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("legal_name", Text),
    Column("tax_number", Text),
    Column("tax_reason_code", Text),
    Column("address", Text),
    Column("phone", Text),
    Column("email", Text),
    Column("website", Text),
    Column("bank_details", Text),
    # Finance's VAT, copied: none, or a list of from, percent and label; the revision it had there.
    Column("vat_rates", JSONB, nullable=False, server_default=text("'[]'")),
    Column("vat_revision", Integer, nullable=False, server_default="0"),
    Column("revision", Integer, nullable=False, server_default="1"),
)
order_types = Table(
    "order_types",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
)
sections = Table(
    "sections",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("station_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("station_id", "name", name="sections_name"),
)
posts = Table(
    "posts",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("section_id", ForeignKey("sections.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("section_id", "name", name="posts_name"),
)
employees = Table(
    "employees",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("last_name", Text, nullable=False),
    Column("first_name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("section_id", ForeignKey("sections.id")),
    Column("login", Text, unique=True),
    Column("pay_percent", Percent, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
)
works = Table(
    "works",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("comment", Text),
    Column("price", Money),
    Column("labor_hours", Hours),
    Column("labor_rate", Money),
    Column("estimation_minutes", Integer, nullable=False),
    Column("warranty_days", Integer),
    Column("warranty_km", Integer),
    Column("active", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("no_discount", Boolean, nullable=False),
    # Of price variants; kept, so that a work without any is not asked about them.
    Column("has_variants", Boolean, nullable=False),
    Column("group", Text),
    Index("works_name_fragment", text("lower(name) gin_trgm_ops"), postgresql_using="gin"),
)
places_version = Table(
    "places_version",
    tables,
    Column("id", Integer, primary_key=True),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="places_version_one"),
)
"""One row. Triggers raise its version with every change of stations, sections, posts, employees,
order types and price rules, in the transaction of that change: see ``store.places``."""
