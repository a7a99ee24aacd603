"""Reports: movements by day and month, and when things last moved."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table("unfolded", sa.Column("movement_id", sa.Uuid, primary_key=True))
    op.create_table(
        "stock_sums",
        sa.Column("product_id", sa.Uuid, primary_key=True),
        sa.Column("warehouse_id", sa.Uuid, primary_key=True),
        sa.Column("grain", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("incoming", sa.Boolean, primary_key=True),
        sa.Column("quantity", sa.Numeric(18, 3), nullable=False),
        sa.Column("value", sa.Numeric(24, 5), nullable=False),
        sa.Column("moment", sa.Numeric(30, 6), nullable=False),
    )
    op.create_table(
        "last_moves",
        sa.Column("product_id", sa.Uuid, primary_key=True),
        sa.Column("warehouse_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("at", TIMESTAMP(timezone=True), nullable=False),
    )
    # The running service folds them: it knows the station's zone.
    op.execute("INSERT INTO unfolded (movement_id) SELECT id FROM movements")
