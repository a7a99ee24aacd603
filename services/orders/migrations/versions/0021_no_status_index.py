"""A move to another status touches no index: who is still under way stands in the board's."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.drop_index("orders_status", "orders")
