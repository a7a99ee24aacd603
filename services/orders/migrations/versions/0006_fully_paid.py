"""Which completion of an order finance called fully paid, and when.

Revision ID: 0006
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "orders", sa.Column("paid_completion", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("orders", sa.Column("paid_told_at", sa.TIMESTAMP(timezone=True), nullable=True))
    # Until now an order was paid when the payments that name it came to its total.
    op.execute(
        "UPDATE orders SET paid_completion = completion WHERE status = 'done' AND paid >= total"
    )
