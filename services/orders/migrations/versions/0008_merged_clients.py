"""Clients that were merged: who remains, and which orders name them besides as their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("clients", sa.Column("merged_into", sa.Uuid))
    for name, table, column, where in (
        ("clients_merged", "clients", "merged_into", "merged_into IS NOT NULL"),
        ("orders_payer", "orders", "payer_id", "payer_id <> client_id"),
        ("orders_driver", "orders", "driver_id", "driver_id IS NOT NULL"),
    ):
        op.create_index(name, table, [column], postgresql_where=sa.text(where))
