"""What parts cost more or less than was known when their order was settled."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "settlements",
        sa.Column("corrected", sa.Numeric(20, 2), nullable=False, server_default="0"),
    )
