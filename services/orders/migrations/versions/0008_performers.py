"""Works have a group, and several people may share one.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("works", sa.Column("group", sa.Text()))
    op.add_column("service_lines", sa.Column("group", sa.Text()))
    op.add_column(
        "service_lines", sa.Column("performers", JSONB(), nullable=False, server_default="[]")
    )
