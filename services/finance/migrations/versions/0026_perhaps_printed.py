"""That a receipt may have been printed though nobody knows it. Of those that have failed before,
nothing is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column(
        "fiscal_receipts",
        sa.Column("perhaps_printed", sa.Boolean(), nullable=False, server_default="false"),
    )
    op.execute("UPDATE fiscal_receipts SET perhaps_printed = true WHERE state = 'undetermined'")
