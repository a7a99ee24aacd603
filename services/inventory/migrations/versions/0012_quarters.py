"""Sums by quarter too: added up from those by month."""

from alembic import op

revision = "0012"
down_revision = "0011"

KEYS = "product_id, warehouse_id, kind, incoming"
MEASURES = "quantity, value, moment"


def upgrade() -> None:
    sums = ", ".join(f"sum({name})" for name in MEASURES.split(", "))
    op.execute(
        f"INSERT INTO stock_sums (grain, day, {KEYS}, {MEASURES})"
        f" SELECT 'quarter', date_trunc('quarter', day)::date AS first, {KEYS}, {sums}"
        f" FROM stock_sums WHERE grain = 'month' GROUP BY first, {KEYS}"
    )
