"""Reports of a year from few rows: sums by year too, and one row of a place for when it was last
received into, and taken from.

What there is already is added up from the sums themselves, so that a large station need not fold
its past again.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(
        "INSERT INTO stock_sums (product_id, warehouse_id, grain, day, kind, incoming, quantity,"
        " value, moment)"
        " SELECT product_id, warehouse_id, 'year', date_trunc('year', day)::date, kind, incoming,"
        " sum(quantity), sum(value), sum(moment) FROM stock_sums WHERE grain = 'month'"
        " GROUP BY 1, 2, 3, 4, 5, 6"
    )
    op.rename_table("last_moves", "earlier_moves")
    op.execute("ALTER INDEX last_moves_pkey RENAME TO earlier_moves_pkey")
    op.create_table(
        "last_moves",
        sa.Column("product_id", sa.Uuid, primary_key=True),
        sa.Column("warehouse_id", sa.Uuid, primary_key=True),
        sa.Column("receipt_at", TIMESTAMP(timezone=True)),
        sa.Column("issue_at", TIMESTAMP(timezone=True)),
    )
    op.execute(
        "INSERT INTO last_moves SELECT product_id, warehouse_id,"
        " max(at) FILTER (WHERE kind = 'receipt'),"
        " max(at) FILTER (WHERE kind IN ('issue', 'issue_short'))"
        " FROM earlier_moves WHERE kind IN ('receipt', 'issue', 'issue_short') GROUP BY 1, 2"
    )
    op.drop_table("earlier_moves")
