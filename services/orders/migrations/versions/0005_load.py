"""Bookings of posts, the hours of the station and its people, and the load panel's formulas."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "weeks",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("week", JSONB(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id"),
    )
    op.create_table(
        "holidays",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hours", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("day"),
    )
    op.create_table(
        "absences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=True),
        sa.Column("post_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("during", TSTZRANGE(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.CheckConstraint("num_nonnulls(employee_id, post_id) = 1", name="absences_of_one"),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"]),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("absences_during", "absences", ["during"], postgresql_using="gist")
    op.create_table(
        "load_settings",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("caption", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("station_id"),
    )
    _create_bookings()


def _create_bookings() -> None:
    op.create_table(
        "bookings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("technician_id", sa.Uuid(), nullable=True),
        sa.Column("during", TSTZRANGE(), nullable=False),
        sa.Column("overtime", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("carried_from", sa.Uuid(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "NOT isempty(during) AND isfinite(lower(during)) AND isfinite(upper(during))"
            " AND lower_inc(during) AND NOT upper_inc(during)",
            name="bookings_during_is_half_open",
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], deferrable=True, initially="DEFERRED"),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"]),
        sa.ForeignKeyConstraint(["technician_id"], ["employees.id"]),
        sa.PrimaryKeyConstraint("id"),
        ExcludeConstraint(
            (sa.column("post_id"), "="),
            (sa.column("order_id"), "<>"),
            (sa.column("during"), "&&"),
            name="bookings_post",
            using="gist",
        ),
        ExcludeConstraint(
            (sa.column("technician_id"), "="),
            (sa.column("during"), "&&"),
            name="bookings_technician",
            using="gist",
        ),
    )
    op.create_index(op.f("ix_bookings_order_id"), "bookings", ["order_id"])
    op.create_index("bookings_during", "bookings", ["during"], postgresql_using="gist")
    op.create_index(
        "bookings_over",
        "bookings",
        [sa.literal_column("upper(during)")],
        postgresql_where=sa.text("state = 'planned'"),
    )
