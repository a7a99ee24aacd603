"""That an order was cancelled: no money is taken for it any more. Of those that were cancelled
before, nothing is known; a payment for one is a deposit that can be moved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.add_column(
        "orders", sa.Column("cancelled", sa.Boolean(), nullable=False, server_default="false")
    )
