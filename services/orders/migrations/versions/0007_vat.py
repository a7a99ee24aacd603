"""VAT: the station's rates as finance has them, and what of it settled orders contain.

Revision ID: 0010
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "stations",
        sa.Column("vat_rates", JSONB, nullable=False, server_default=sa.text("'[]'")),
    )
    op.add_column(
        "stations", sa.Column("vat_revision", sa.Integer, nullable=False, server_default="0")
    )
    op.add_column("orders", sa.Column("vat_percent", sa.Numeric(5, 2)))
    op.add_column("orders", sa.Column("vat", sa.Numeric(12, 2)))
    # Whatever was sold until now was sold without VAT.
    op.execute("UPDATE orders SET vat = 0 WHERE settled")
