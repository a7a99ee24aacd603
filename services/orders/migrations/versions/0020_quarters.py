"""Sums by quarter too: added up from those by month."""

from alembic import op

revision = "0020"
down_revision = "0019"

KEYS = "what, station_id, section_id, status, employee_id"
MEASURES = "orders, total, planned_minutes, sold_hours, clocked_minutes"


def upgrade() -> None:
    sums = ", ".join(f"sum({name})" for name in MEASURES.split(", "))
    op.execute(
        f"INSERT INTO order_sums (grain, day, {KEYS}, {MEASURES})"
        f" SELECT 'quarter', date_trunc('quarter', day)::date AS first, {KEYS}, {sums}"
        f" FROM order_sums WHERE grain = 'month' GROUP BY first, {KEYS}"
    )
