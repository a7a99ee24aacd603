"""Reports of a year from few rows: orders and works summed by year too."""

from alembic import op

revision = "0011"
down_revision = "0010"

MEASURES = ("orders", "total", "planned_minutes", "sold_hours", "clocked_minutes")


def upgrade() -> None:
    sums = ", ".join(f"sum({name})" for name in MEASURES)
    op.execute(
        "INSERT INTO order_sums (grain, what, day, station_id, section_id, status, employee_id,"
        f" {', '.join(MEASURES)})"
        " SELECT 'year', what, date_trunc('year', day)::date, station_id, section_id, status,"
        f" employee_id, {sums} FROM order_sums WHERE grain = 'month' GROUP BY 1, 2, 3, 4, 5, 6, 7"
    )
