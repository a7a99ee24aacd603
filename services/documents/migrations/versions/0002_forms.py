"""Templates of print forms with all their versions, and how forms look."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

from shared.database import make_append_only

revision = "0002"
down_revision = "0001"

INSTANT = TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "form_versions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("template", sa.Text),
        sa.Column("restored", sa.Integer),
        sa.Column("note", sa.Text),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.UniqueConstraint("form", "language", "revision", name="form_versions_revision"),
    )
    op.create_table(
        "form_looks",
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("accent", sa.Text, nullable=False),
        sa.Column("logo", sa.LargeBinary),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    make_append_only(op.get_bind(), "form_versions", "form_looks")
