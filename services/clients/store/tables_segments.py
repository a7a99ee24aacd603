"""Tags, segments, and the visits that they count."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.clients.store.tables import Instant, tables

tags = Table(
    "tags",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("colour", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("tags_name", text("lower(name)"), unique=True),
)
client_tags = Table(
    "client_tags",
    tables,
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True),
    Column("client_id", ForeignKey("clients.id"), primary_key=True),
    Index("client_tags_client", "client_id"),
)
vehicle_tags = Table(
    "vehicle_tags",
    tables,
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True),
    Column("vehicle_id", ForeignKey("vehicles.id"), primary_key=True),
    Index("vehicle_tags_vehicle", "vehicle_id"),
)
segments = Table(
    "segments",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("conditions", JSONB, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("segments_name", text("lower(name)"), unique=True),
)
segment_tags = Table(
    "segment_tags",
    tables,
    Column("segment_id", ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
    Index("segment_tags_tag", "tag_id"),
)
"""Which tags a segment's conditions name: such a tag cannot be removed."""
visits = Table(
    "visits",
    tables,
    Column("order_id", Uuid, primary_key=True),
    Column("completion", Integer, primary_key=True),
    # Of a visit whose reversal was heard first, nothing else is known.
    Column("client_id", Uuid),
    Column("at", Instant),
    Column("section_id", Uuid),
    Column("revenue", Numeric(12, 2)),
    Column("reversed", Boolean, nullable=False),
    CheckConstraint(
        "reversed OR (client_id IS NOT NULL AND at IS NOT NULL AND revenue IS NOT NULL)",
        name="visits_known",
    ),
    Index(
        "visits_client",
        "client_id",
        "at",
        postgresql_include=["revenue", "section_id"],
        postgresql_where=text("NOT reversed"),
    ),
    Index(
        "visits_at",
        "at",
        postgresql_include=["client_id", "revenue", "section_id"],
        postgresql_where=text("NOT reversed"),
    ),
)
counters = Table(
    "counters",
    tables,
    Column("client_id", ForeignKey("clients.id"), primary_key=True),
    Column("visits", Integer, nullable=False),
    Column("revenue", Numeric(18, 2), nullable=False),
    Column("first_visit", Instant),
    Column("last_visit", Instant),
    Column("last_section_id", Uuid),
    Index("counters_visits", "visits"),
    Index("counters_revenue", "revenue"),
    Index("counters_last_visit", "last_visit"),
)
"""What a client's visits that stand come to; nobody's row is missing who ever had one."""
past_visits = Table(
    "past_visits",
    tables,
    Column("id", SmallInteger, primary_key=True),
    Column("cursor", Text),
    Column("done_at", Instant),
    CheckConstraint("id = 1", name="past_visits_one_row"),
)
"""How far the visits have been fetched that were before this service counted them."""
