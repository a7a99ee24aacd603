"""Price variants of works, packages, the station's rounding; discounts by what is sold."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

HOURS, MONEY, PERCENT = sa.Numeric(10, 5), sa.Numeric(12, 2), sa.Numeric(5, 2)


def upgrade() -> None:
    for column in ("no_discount", "has_variants"):
        op.add_column(
            "works", sa.Column(column, sa.Boolean(), nullable=False, server_default="false")
        )
        op.alter_column("works", column, server_default=None)
    op.add_column(
        "products",
        sa.Column("unpriced", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    op.add_column("service_lines", sa.Column("variant_id", sa.Uuid()))
    for table in ("orders", "clients"):
        prefix = "client_" if table == "orders" else ""
        suffix = "discount" if table == "orders" else "discount_percent"
        op.add_column(table, sa.Column(f"{prefix}services_{suffix}", PERCENT))
        op.add_column(table, sa.Column(f"{prefix}products_{suffix}", PERCENT))
    op.create_table(
        "work_variants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("vehicle_class", sa.Text(), nullable=True),
        sa.Column("engine", sa.Text(), nullable=True),
        sa.Column("year_from", sa.Integer(), nullable=True),
        sa.Column("year_to", sa.Integer(), nullable=True),
        sa.Column("price", MONEY, nullable=True),
        sa.Column("labor_hours", HOURS, nullable=True),
        sa.Column("labor_rate", MONEY, nullable=True),
        sa.Column("estimation_minutes", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["works.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("work_variants_of_work", "work_variants", ["service_id", "id"])
    op.create_table(
        "packages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("services", postgresql.JSONB(), nullable=False),
        sa.Column("goods", postgresql.JSONB(), nullable=False),
        sa.Column("discount_percent", PERCENT, nullable=True),
        sa.Column("price", MONEY, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "price_rules",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Numeric(6, 2), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("station_id"),
    )
