"""The table of fiscal receipts: the queue before the register, and what became of each."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.finance.store.schema import INSTANT, MONEY, tables

fiscal_receipts = Table(
    "fiscal_receipts",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("document_id", Uuid, nullable=False),
    Column("shift_id", Uuid, ForeignKey("shifts.id")),
    Column("cash_box_id", Uuid, ForeignKey("cash_boxes.id")),
    Column("cashier", Text, nullable=False),
    Column("total", MONEY, nullable=False),
    Column("tenders", JSONB, nullable=False),
    Column("shares", JSONB, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("wake_at", INSTANT),
    Column("lines", JSONB, nullable=False),
    Column("reason", Text),
    Column("number", Integer),
    Column("attempts", Integer, nullable=False),
    Column("detail", Text),
    Column("sent_at", INSTANT),
    Column("perhaps_printed", Boolean, nullable=False, server_default="false"),
    Column("revision", Integer, nullable=False),
    CheckConstraint("(state = 'sent') = (number IS NOT NULL)", name="fiscal_receipts_sent"),
    Index(
        "fiscal_receipts_once",
        "document_id",
        "kind",
        unique=True,
        postgresql_where=text("kind <> 'refund'"),
    ),
    Index("fiscal_receipts_document", "document_id"),
    Index("fiscal_receipts_open", "id", postgresql_where=text("state IN ('queued', 'sending')")),
)
"""A payment has one sale, and one correction of it; it may be refunded in parts."""
