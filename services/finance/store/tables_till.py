"""The tables of the till: cash boxes, shifts and settings."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.finance.store.schema import INSTANT, MONEY, tables

cash_boxes = Table(
    "cash_boxes",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("section_id", Uuid),
    Column("methods", ARRAY(Text), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Index("cash_boxes_name", text("lower(name)"), unique=True),
)
till_settings = Table(
    "till_settings",
    tables,
    Column("id", SmallInteger, primary_key=True),
    Column("shift_required", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    CheckConstraint("id = 1", name="till_settings_one_row"),
)
"""Locked by whoever opens a shift: cash outside of shifts is taken over by one of them."""

shifts = Table(
    "shifts",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("cash_box_id", Uuid, ForeignKey("cash_boxes.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("opened_at", INSTANT, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opening", MONEY, nullable=False),
    Column("opening_difference", MONEY, nullable=False),
    Column("closed_at", INSTANT),
    Column("closed_by", Text),
    Column("counted", MONEY),
    Column("difference", MONEY),
    Column("report", JSONB(none_as_null=True)),
    UniqueConstraint("cash_box_id", "number", name="shifts_number"),
    CheckConstraint(
        "(closed_at IS NULL) = (counted IS NULL) AND (closed_at IS NULL) = (report IS NULL)",
        name="shifts_closed",
    ),
    Index("shifts_open", "cash_box_id", unique=True, postgresql_where=text("closed_at IS NULL")),
    Index("shifts_at", "opened_at", "id"),
)
"""Whoever takes money in a shift shares its lock; whoever closes it or gives cash has it alone."""

payment_documents = Table(
    "payment_documents",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("payer_id", Uuid, nullable=False),
    Column("amount", MONEY, nullable=False),
    Column("tendered", MONEY),
    Column("comment", Text),
    Column("actor", Text, nullable=False),
    Column("shift_id", Uuid, ForeignKey("shifts.id")),
    Column("cash_box_id", Uuid, ForeignKey("cash_boxes.id")),
)
"""Payments that were taken together; only ever inserted into, like the ledger."""
