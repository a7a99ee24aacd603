"""Transfers with goods in transit, write-offs and counts; lots that no receipt brought."""

import sqlalchemy as sa
from alembic import op

from shared.database import make_append_only

revision = "0004"
down_revision = "0003"

INSTANT = sa.TIMESTAMP(timezone=True)
MONEY = sa.Numeric(12, 2)
QUANTITY = sa.Numeric(12, 3)
VALUE = sa.Numeric(18, 5)


def upgrade() -> None:
    op.alter_column("lots", "receipt_id", nullable=True)
    op.add_column("requests", sa.Column("lost", QUANTITY, nullable=False, server_default="0"))
    op.alter_column("requests", "lost", server_default=None)
    for name in ("transfer_numbers", "write_off_numbers", "count_numbers"):
        op.execute(sa.schema.CreateSequence(sa.Sequence(name)))
    _transfers()
    _write_offs()
    _counts()
    make_append_only(op.get_bind(), "write_off_parts")


def _transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("from_warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("to_warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('in_transit', 'received', 'received_in_part', 'cancelled')",
            name="transfers_state",
        ),
        sa.CheckConstraint("from_warehouse_id <> to_warehouse_id", name="transfers_to_another"),
        sa.CheckConstraint("(state = 'in_transit') = (closed_at IS NULL)", name="transfers_closed"),
        sa.ForeignKeyConstraint(["from_warehouse_id"], ["warehouses.id"]),
        sa.ForeignKeyConstraint(["to_warehouse_id"], ["warehouses.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index(
        "transfers_open", "transfers", ["id"], postgresql_where=sa.text("state = 'in_transit'")
    )
    op.create_table(
        "parcels",
        sa.Column("transfer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", QUANTITY, nullable=False),
        sa.Column("unit_cost", MONEY, nullable=False),
        sa.Column("value", VALUE, nullable=False),
        sa.Column("left_value", VALUE, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("received", QUANTITY, nullable=False),
        sa.Column("returned", QUANTITY, nullable=False),
        sa.CheckConstraint(
            "quantity > 0 AND received >= 0 AND returned >= 0 AND received + returned <= quantity",
            name="parcels_quantities",
        ),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfers.id"]),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"]),
        sa.PrimaryKeyConstraint("transfer_id", "position", "part"),
    )


def _write_offs() -> None:
    op.create_table(
        "write_offs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("value", MONEY, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cancelled_at", INSTANT, nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('posted', 'cancelled')", name="write_offs_state"),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouses.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_table(
        "write_off_parts",
        sa.Column("write_off_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", QUANTITY, nullable=False),
        sa.Column("unit_cost", MONEY, nullable=False),
        sa.Column("value", VALUE, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.CheckConstraint("quantity > 0", name="write_off_parts_quantity"),
        sa.ForeignKeyConstraint(["write_off_id"], ["write_offs.id"]),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"]),
        sa.PrimaryKeyConstraint("write_off_id", "position", "part"),
    )


def _counts() -> None:
    op.create_table(
        "counts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("surplus", MONEY, nullable=True),
        sa.Column("shortage", MONEY, nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'posted', 'cancelled')", name="counts_state"),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouses.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index(
        "counts_open_in_warehouse",
        "counts",
        ["warehouse_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "count_lines",
        sa.Column("count_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("expected", QUANTITY, nullable=False),
        sa.Column("counted", QUANTITY, nullable=True),
        sa.CheckConstraint("counted >= 0", name="count_lines_counted"),
        sa.ForeignKeyConstraint(["count_id"], ["counts.id"]),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"]),
        sa.PrimaryKeyConstraint("count_id", "product_id"),
    )
