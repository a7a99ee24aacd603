"""Entries of receipts and of their returns are found by the receipt, page by page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_index(
        "entries_of_receipts",
        "entries",
        ["document_id"],
        postgresql_where=sa.text("kind IN ('receipt', 'supplier_return')"),
    )
