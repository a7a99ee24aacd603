"""Approval per work, the estimate's link, and the secret that signs it.

Revision ID: 0004
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INSTANT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    # What was on an order before was agreed on in person: never asked about, never waited for.
    op.add_column(
        "service_lines",
        sa.Column("approval_state", sa.Text(), nullable=False, server_default="unasked"),
    )
    op.alter_column("service_lines", "approval_state", server_default=None)
    op.add_column("service_lines", sa.Column("approval_by", sa.Text(), nullable=True))
    op.add_column("service_lines", sa.Column("approval_how", sa.Text(), nullable=True))
    op.add_column("service_lines", sa.Column("approval_at", _INSTANT, nullable=True))
    op.add_column("service_lines", sa.Column("approval_asked_at", _INSTANT, nullable=True))
    op.add_column("service_lines", sa.Column("approval_closed", sa.Text(), nullable=True))
    op.create_index(
        "service_lines_declined",
        "service_lines",
        ["order_id"],
        postgresql_where=sa.text("approval_state = 'declined' AND approval_closed IS NULL"),
    )
    op.add_column(
        "orders",
        sa.Column("waits_for_approval", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.alter_column("orders", "waits_for_approval", server_default=None)
    op.create_table(
        "estimate_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("revoked_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "estimate_links_of_order",
        "estimate_links",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "station_secrets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
