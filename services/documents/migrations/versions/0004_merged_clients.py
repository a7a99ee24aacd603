"""Clients that were merged: to whom their messages go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("message_clients", sa.Column("merged_into", sa.Uuid))
