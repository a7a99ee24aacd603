"""Suppliers: whom the station owes what, and what it has paid them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0012"
down_revision = "0011"

MONEY = sa.Numeric(20, 2)


def upgrade() -> None:
    op.add_column("postings", sa.Column("supplier_id", sa.Uuid))
    op.create_index(
        "postings_payables",
        "postings",
        ["supplier_id"],
        postgresql_where=sa.text("debit = 'payables' OR credit = 'payables'"),
    )
    op.create_table(
        "supplier_payments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("supplier_id", sa.Uuid, nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("refunded", MONEY, nullable=False),
        sa.Column("document", sa.Text),
        sa.Column("comment", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.CheckConstraint(
            "amount > 0 AND refunded >= 0 AND refunded <= amount",
            name="supplier_payments_parts",
        ),
    )
    op.create_index("supplier_payments_at", "supplier_payments", ["at", "id"])
    op.create_index("supplier_payments_supplier", "supplier_payments", ["supplier_id", "at"])
