"""Clients that were merged, and when clients with a contract must pay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("merged_into", sa.Uuid))
    op.create_index(
        "accounts_merged",
        "accounts",
        ["merged_into"],
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_index("settlements_client", "settlements", ["client_id"])
    op.create_index("bonus_lots_client", "bonus_lots", ["client_id"])
    op.create_table(
        "client_contracts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("payment_days", sa.Integer, nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_to", sa.Date),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_index("client_contracts_client", "client_contracts", ["client_id"])
