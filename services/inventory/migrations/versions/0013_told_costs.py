"""What was told again of issued parts' costs, once for a completion."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "told_costs",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("completion", sa.Integer(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "completion"),
    )
