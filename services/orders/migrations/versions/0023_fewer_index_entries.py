"""Indexes that nothing is found by go, and with them the number of a change that awaits folding.

An employee's own orders are those that they are assigned to, or lead, or do a work on: of three
ways no index finds all, so that the two of mechanics only cost.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.drop_index("orders_mechanic", "orders")
    op.drop_index("ix_service_lines_mechanic_id", "service_lines")
    op.drop_index("orders_completed", "orders")
    op.create_index(
        "orders_completed",
        "orders",
        ["completed_at", "id"],
        postgresql_where=sa.text("completed_at IS NOT NULL"),
    )
    op.drop_column("order_changes", "id")  # its index goes with it
