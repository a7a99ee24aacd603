"""What keys were used for is not in the log: a crash may lose all of it, as it did the newest."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE idempotency_keys SET UNLOGGED")
