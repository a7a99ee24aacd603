"""Whose clock runs on a work, and who finished it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("service_lines", sa.Column("clock_of", sa.Uuid(), sa.ForeignKey("employees.id")))
    op.add_column("service_lines", sa.Column("finished_at", TIMESTAMP(timezone=True)))
    op.add_column("service_lines", sa.Column("finished_by", sa.Text()))
    op.create_check_constraint(
        "service_lines_clock", "service_lines", "clock_of IS NULL OR started_at IS NOT NULL"
    )
    # At the end of the transaction: one clock stops in the same step in which another starts.
    op.create_exclude_constraint(
        "service_lines_one_clock",
        "service_lines",
        (sa.column("clock_of"), "="),
        using="btree",
        where=sa.text("clock_of IS NOT NULL"),
        deferrable=True,
        initially="DEFERRED",
    )
