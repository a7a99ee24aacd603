"""Payments that were taken together; cash given for a payment."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

from shared.database import make_append_only

revision = "0007"
down_revision = "0006"

MONEY = sa.Numeric(20, 2)
INSTANT = TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "payment_documents",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("payer_id", sa.Uuid, nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("tendered", MONEY),
        sa.Column("comment", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("shift_id", sa.Uuid, sa.ForeignKey("shifts.id")),
        sa.Column("cash_box_id", sa.Uuid, sa.ForeignKey("cash_boxes.id")),
    )
    make_append_only(op.get_bind(), "payment_documents")
    op.add_column(
        "payments", sa.Column("document_id", sa.Uuid, sa.ForeignKey("payment_documents.id"))
    )
    op.add_column("payments", sa.Column("tendered", MONEY))
    op.create_index("payments_payer", "payments", ["payer_id", "at"])
    for column in ("document", "shift"):
        op.create_index(
            f"payments_{column}",
            "payments",
            [f"{column}_id"],
            postgresql_where=sa.text(f"{column}_id IS NOT NULL"),
        )
