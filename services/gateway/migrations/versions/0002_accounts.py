"""Users are managed here: stations, second factors, sessions by name, and tokens of programs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("users", sa.Column("stations", sa.ARRAY(sa.Text())))
    op.add_column("users", sa.Column("last_signed_in_at", sa.TIMESTAMP(timezone=True)))
    op.add_column("users", sa.Column("totp", sa.LargeBinary()))
    op.add_column("users", sa.Column("totp_pending", sa.LargeBinary()))
    op.add_column(
        "users", sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column("users", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    op.add_column(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False, server_default=sa.func.gen_random_uuid()),
    )
    op.create_unique_constraint(None, "sessions", ["id"])
    op.add_column("sessions", sa.Column("address", sa.Text()))
    op.add_column("sessions", sa.Column("agent", sa.Text()))
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True)),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
    )
    op.create_index("api_tokens_of_user", "api_tokens", ["user_id", "id"])
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "code_hash"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
    )
