"""A record's content packed and its hashes as bytes, with the ids that it names beside it.

What was recorded before stays as it was written: the chain goes through both. Columns that nobody
searched by go, since the content says the same; and where a record stood in five indexes, it stands
in two.
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
    # The inbox knows what was recorded, also what it had forgotten.
    op.execute(
        "INSERT INTO inbox (event_id, handled_at) SELECT event_id, at FROM records"
        " ON CONFLICT DO NOTHING"
    )
    op.drop_constraint("records_event_id_key", "records")
    for name in ("records_at", "records_actor", "records_event"):
        op.drop_index(name, "records")
    # Records come in the order of their time, but for what was late: what stretches of them hold
    # finds what is rare, and what is frequent is among the newest.
    op.create_index(
        "records_stretches",
        "records",
        ["at", "actor", "event"],
        postgresql_using="brin",
        postgresql_ops={
            "actor": "text_bloom_ops (n_distinct_per_range = 50)",
            "event": "text_bloom_ops (n_distinct_per_range = 100)",
        },
        postgresql_with={"autosummarize": True, "pages_per_range": 32},
    )
    # The last stretch is being filled: summed up already, it would be noted anew with every record.
    op.execute(
        "SELECT brin_desummarize_range('records_stretches', greatest("
        "pg_relation_size('records') / current_setting('block_size')::int - 1, 0))"
    )
