"""What finance says is due of a settled order. Of those that were settled before, it has said only
whether anything is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("owed", sa.Numeric(12, 2)))
