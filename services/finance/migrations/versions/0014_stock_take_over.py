"""Stock is taken over into the books once."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_index(
        "entries_stock_take_over",
        "entries",
        ["kind"],
        unique=True,
        postgresql_where=sa.text("kind = 'stock_take_over'"),
    )
