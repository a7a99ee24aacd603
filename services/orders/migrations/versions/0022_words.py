"""What is due is known by how often finance told it, not by its clock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("orders", sa.Column("paid_word", sa.Integer(), nullable=True))
