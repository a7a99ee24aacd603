"""Cards that may be of one client."""

from __future__ import annotations

from sqlalchemy import ARRAY, CheckConstraint, Column, ForeignKey, Index, Table, Text, text

from services.clients.store.tables import Instant, tables

duplicates = Table(
    "duplicates",
    tables,
    Column("one_id", ForeignKey("clients.id"), primary_key=True),
    Column("other_id", ForeignKey("clients.id"), primary_key=True),
    Column("reasons", ARRAY(Text), nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("dismissed_at", Instant),
    Column("dismissed_by", Text),
    CheckConstraint("one_id < other_id", name="duplicates_order"),
    Index("duplicates_other", "other_id"),
    Index(
        "duplicates_open",
        "found_at",
        "one_id",
        "other_id",
        postgresql_where=text("dismissed_at IS NULL"),
    ),
)
