"""That an entry is reversed once: only reversals stand in the index, which few entries are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.drop_constraint("entries_reverses_key", "entries")
    op.create_index(
        "entries_reverses",
        "entries",
        ["reverses"],
        unique=True,
        postgresql_where=sa.text("reverses IS NOT NULL"),
    )
