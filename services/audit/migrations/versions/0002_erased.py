"""Persons who asked to be forgotten: what the journal keeps of them is shown without them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "erased",
        sa.Column("subject_id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
    )
