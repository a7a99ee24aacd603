"""The chain of records, which its own service may add to and read, and nothing else."""

import sqlalchemy as sa
from alembic import op

from shared.database import create_delivery_tables, make_append_only

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "records",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_role", sa.Text()),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid()),
        sa.Column("correlation_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("event_id"),
    )
    op.create_index(
        "records_order",
        "records",
        ["order_id", "seq"],
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_index("records_actor", "records", ["actor", "seq"])
    op.create_index("records_event", "records", ["event", "seq"])
    op.create_index("records_at", "records", ["at", "seq"])
    create_delivery_tables(op.get_bind())
    make_append_only(op.get_bind(), "records")
