"""Work that takes long."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    instant = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("token", sa.Text()),
        sa.Column("scopes", sa.ARRAY(sa.Text())),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("format", sa.Text()),
        sa.Column("language", sa.Text(), nullable=False, server_default="en"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False, server_default=""),
        sa.Column("done", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("total", sa.BigInteger()),
        sa.Column("unit", sa.Text(), nullable=False, server_default=""),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("failure", sa.Text()),
        sa.Column("particulars", JSONB(), nullable=False, server_default="{}"),
        sa.Column("file_id", sa.Uuid()),
        sa.Column("file_size", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("lease_id", sa.Uuid()),
        sa.Column("lease_until", instant),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("started_at", instant),
        sa.Column("finished_at", instant),
        sa.Column("expires_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("jobs_of_user", "jobs", ["user_id", "id"])
    op.create_index("jobs_of_machines", "jobs", ["id"], postgresql_where=sa.text("user_id IS NULL"))
    op.create_index(
        "jobs_going",
        "jobs",
        ["id"],
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
