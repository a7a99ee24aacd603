"""In which language a client is written to, and what the client allows. Nobody has been asked
before this revision, so nobody has agreed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("clients", sa.Column("language", sa.Text(), nullable=False, server_default="ru"))
    op.add_column(
        "clients", sa.Column("consents", postgresql.JSONB(), nullable=False, server_default="{}")
    )
    op.create_check_constraint("clients_language", "clients", "language IN ('ru', 'en')")
