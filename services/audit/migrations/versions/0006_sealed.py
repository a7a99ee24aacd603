"""A record's content packed and its hashes as bytes, with the ids that it names beside it.

What was recorded before stays as it was written: the chain goes through both. Columns that nobody
searched by go, since the content says the same.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for name in ("content", "previous_hash", "hash"):
        op.alter_column("records", name, nullable=True)
    for name in ("actor_role", "station", "correlation_id"):
        op.drop_column("records", name)
    for name in ("packed", "seal", "mentions"):
        op.add_column("records", sa.Column(name, sa.LargeBinary()))
    # Records come in the order of their time, but for what was late: where a stretch of them lies
    # says as much as a place of its own for each.
    op.drop_index("records_at", "records")
    op.create_index(
        "records_at",
        "records",
        ["at"],
        postgresql_using="brin",
        postgresql_with={"autosummarize": True, "pages_per_range": 32},
    )
