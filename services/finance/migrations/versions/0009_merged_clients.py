"""Clients that were merged: who remains, and what leads to all that was theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("merged_into", sa.Uuid))
    op.create_index(
        "accounts_merged",
        "accounts",
        ["merged_into"],
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_index("settlements_client", "settlements", ["client_id"])
    op.create_index("payments_payer", "payments", ["payer_id"])
    op.create_index("bonus_lots_client", "bonus_lots", ["client_id"])
