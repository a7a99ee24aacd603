"""What delivery needs; templates and messages have revisions of their own."""

from alembic import op

from shared.database import create_delivery_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_delivery_tables(op.get_bind())
