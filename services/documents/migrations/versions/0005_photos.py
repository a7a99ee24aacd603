"""Photos of orders; the pictures themselves in a table of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0005"
down_revision = "0004"

INSTANT = TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "photos",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("line_id", sa.Uuid),
        sa.Column("caption", sa.Text),
        sa.Column("visible_to_client", sa.Boolean, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("removed_at", INSTANT),
        sa.Column("removed_by", sa.Text),
    )
    op.create_index(
        "photos_of_order",
        "photos",
        ["order_id", "id"],
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_index("photos_of_client", "photos", ["client_id"])
    op.create_table(
        "photo_files",
        sa.Column("photo_id", sa.Uuid, sa.ForeignKey("photos.id"), primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("small", sa.LargeBinary, nullable=False),
    )
    # They are packed as JPEG already: another try costs time and wins nothing.
    op.execute("ALTER TABLE photo_files ALTER COLUMN content SET STORAGE EXTERNAL")
