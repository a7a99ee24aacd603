"""Reports: orders and works summed by day and month."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "order_changes",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("station_id", sa.Uuid, nullable=False),
        sa.Column("section_id", sa.Uuid, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("employee_id", sa.Uuid, nullable=False),
        *_measures(),
    )
    op.create_table(
        "order_sums",
        sa.Column("grain", sa.Text, primary_key=True),
        sa.Column("what", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("station_id", sa.Uuid, primary_key=True),
        sa.Column("section_id", sa.Uuid, primary_key=True),
        sa.Column("status", sa.Text, primary_key=True),
        sa.Column("employee_id", sa.Uuid, primary_key=True),
        *_measures(),
    )
    _count_what_there_is()


def _measures() -> list[sa.Column[Any]]:
    return [
        sa.Column("orders", sa.Integer, nullable=False),
        *(
            sa.Column(name, sa.Numeric(28, 12), nullable=False)
            for name in ("total", "planned_minutes", "sold_hours", "clocked_minutes")
        ),
    ]


def _count_what_there_is() -> None:
    """Each order as a change from nothing; the running service, which knows the zone, folds it."""
    names = (
        "at, station_id, section_id, what, status, employee_id,"
        " orders, total, planned_minutes, sold_hours, clocked_minutes"
    )
    op.execute(
        f"""
        INSERT INTO order_changes ({names})
        SELECT assignment_at, station_id, section_id, 'order', status, employee_id,
            1, total, 0, 0, 0
        FROM orders
        """
    )
    billed = "l.approval_state <> 'declined'"
    part = "coalesce(performer.share, 100) / 100"
    does_it = "coalesce(performer.employee_id, l.mechanic_id, o.mechanic_id, o.employee_id)"
    op.execute(
        f"""
        INSERT INTO order_changes ({names})
        SELECT o.assignment_at, o.station_id, o.section_id, 'works', o.status,
            {does_it}, 1,
            coalesce(sum(l.total * {part}) FILTER (WHERE {billed}), 0),
            coalesce(sum(l.estimation_minutes * {part}) FILTER (WHERE {billed}), 0),
            coalesce(sum(coalesce(l.labor_hours, 0) * l.quantity * {part})
                FILTER (WHERE {billed}), 0),
            sum(l.clocked_minutes * {part})
        FROM orders o JOIN service_lines l ON l.order_id = o.id
        LEFT JOIN LATERAL jsonb_to_recordset(l.performers)
            AS performer (employee_id uuid, share numeric) ON true
        WHERE o.status <> 'cancelled' AND ({billed} OR l.clocked_minutes > 0)
        GROUP BY o.id, {does_it}
        """
    )
