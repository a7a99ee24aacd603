"""Fiscal receipts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0009"
down_revision = "0008"

MONEY = sa.Numeric(20, 2)
INSTANT = TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "fiscal_receipts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("document_id", sa.Uuid, nullable=False),
        sa.Column("shift_id", sa.Uuid, sa.ForeignKey("shifts.id")),
        sa.Column("cash_box_id", sa.Uuid, sa.ForeignKey("cash_boxes.id")),
        sa.Column("cashier", sa.Text, nullable=False),
        sa.Column("total", MONEY, nullable=False),
        sa.Column("tenders", JSONB, nullable=False),
        sa.Column("shares", JSONB, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("wake_at", INSTANT),
        sa.Column("lines", JSONB, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("number", sa.Integer),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("detail", sa.Text),
        sa.Column("sent_at", INSTANT),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("(state = 'sent') = (number IS NOT NULL)", name="fiscal_receipts_sent"),
    )
    op.create_index(
        "fiscal_receipts_once",
        "fiscal_receipts",
        ["document_id", "kind"],
        unique=True,
        postgresql_where=sa.text("kind <> 'refund'"),
    )
    op.create_index("fiscal_receipts_document", "fiscal_receipts", ["document_id"])
    op.create_index(
        "fiscal_receipts_open",
        "fiscal_receipts",
        ["id"],
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )
