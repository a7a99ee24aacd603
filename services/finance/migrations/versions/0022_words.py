"""How often what is due of a settlement changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column(
        "settlements", sa.Column("word", sa.Integer(), nullable=False, server_default="0")
    )
