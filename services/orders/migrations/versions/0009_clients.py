"""Clients that were merged; requisites of payers; contracts with their credit limits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("clients", sa.Column("merged_into", sa.Uuid))
    for name, table, column, where in (
        ("clients_merged", "clients", "merged_into", "merged_into IS NOT NULL"),
        ("orders_payer", "orders", "payer_id", "payer_id <> client_id"),
        ("orders_driver", "orders", "driver_id", "driver_id IS NOT NULL"),
    ):
        op.create_index(name, table, [column], postgresql_where=sa.text(where))
    op.add_column("clients", sa.Column("requisites", JSONB))
    op.add_column("clients", sa.Column("erased_at", sa.TIMESTAMP(timezone=True)))
    op.create_table(
        "client_contracts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("credit_limit", sa.Numeric(12, 2)),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_to", sa.Date),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_index("client_contracts_client", "client_contracts", ["client_id"])
