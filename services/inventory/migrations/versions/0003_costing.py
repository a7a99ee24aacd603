"""Lots with a value of their own, warehouses with a method of costing, stock below zero, cells."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.database import make_append_only

revision = "0003"
down_revision = "0002"

QUANTITY, MONEY, VALUE = sa.Numeric(12, 3), sa.Numeric(12, 2), sa.Numeric(18, 5)


def upgrade() -> None:
    _add("warehouses", "costing", sa.Text(), "'fifo'")
    _add("warehouses", "may_be_negative", sa.Boolean(), "false")
    op.create_check_constraint("warehouses_costing", "warehouses", "costing IN ('fifo', 'average')")
    _value_lots()
    _allow_less_than_nothing()
    _make_written_off()
    _make_cells()


def _value_lots() -> None:
    """So far all that is left of a lot was worth what it was bought for, to a hundred-thousandth of
    a rouble. From now on stock is worth whole kopecks: all lots of a product in a warehouse are
    worth what they were together, rounded, and so is what was taken for a line; a movement of value
    alone tells what the rounding came to."""
    _add("lots", "value", VALUE, "remaining * unit_cost")
    _in_kopecks("lots", "value", ("product_id", "warehouse_id"), "id")
    op.create_check_constraint("lots_value", "lots", "value >= 0 AND (remaining > 0 OR value = 0)")
    _add("consumptions", "cost", VALUE, "quantity * unit_cost")
    _in_kopecks("consumptions", "cost", ("order_id", "completion", "line_id"), "lot_id")
    op.drop_column("consumptions", "unit_cost")
    op.execute(_ROUNDED)
    op.execute("UPDATE stock SET value = round(value, 2)")


def _in_kopecks(table: str, column: str, group: tuple[str, ...], row: str) -> None:
    """Each row gets what the rounded sum up to it is more than the one before: nothing is lost."""
    keys = ", ".join((*group, row))
    op.execute(
        f"UPDATE {table} SET {column} = part.value FROM ("
        f"SELECT {keys}, round(sum({column}) OVER upto, 2)"
        f" - round(sum({column}) OVER upto - {column}, 2) AS value"
        f" FROM {table} WINDOW upto AS (PARTITION BY {', '.join(group)} ORDER BY {row})"
        f") AS part WHERE ({', '.join(f'{table}.{key}' for key in (*group, row))})"
        f" = ({', '.join(f'part.{key}' for key in (*group, row))})"
    )


# An id made as the service makes them: by its instant first.
_ROUNDED = """
    INSERT INTO movements (id, at, kind, product_id, warehouse_id, quantity, value, actor, reason)
    SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0')
            || '7' || substr(dice, 1, 3) || '8' || substr(dice, 4, 15))::uuid,
        now(), 'correction', product_id, warehouse_id, 0, round(value, 2) - value, 'system',
        'в целых копейках'
    FROM stock, LATERAL (SELECT md5(product_id::text || warehouse_id::text) AS dice) AS dices
    WHERE value <> round(value, 2)
"""


def _allow_less_than_nothing() -> None:
    _add("stock", "missing", QUANTITY, "0")
    for name in ("stock_on_hand", "stock_reserved_is_there"):
        op.drop_constraint(name, "stock", type_="check")
    op.create_check_constraint("stock_missing", "stock", "missing >= 0")
    op.create_check_constraint("stock_on_hand", "stock", "on_hand + missing >= 0")
    op.create_check_constraint("stock_reserved_is_there", "stock", "reserved <= on_hand + missing")
    op.create_table(
        "shortages",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("completion", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("quantity", QUANTITY, nullable=False),
        sa.Column("missing", QUANTITY, nullable=False),
        sa.Column("value", VALUE, nullable=False),
        sa.CheckConstraint("missing >= 0 AND missing <= quantity", name="shortages_missing"),
        sa.CheckConstraint("value >= 0 AND (missing > 0 OR value = 0)", name="shortages_value"),
        sa.PrimaryKeyConstraint("order_id", "completion", "line_id"),
    )
    op.create_index(
        "shortages_to_fill",
        "shortages",
        ["product_id"],
        postgresql_where=sa.text("missing > 0"),
    )


def _make_written_off() -> None:
    op.create_table(
        "written_off",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("line_version", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", QUANTITY, nullable=False),
        sa.Column("cost", MONEY, nullable=False),
        sa.PrimaryKeyConstraint("line_id", "line_version"),
    )
    make_append_only(op.get_bind(), "written_off")


def _make_cells() -> None:
    op.create_table(
        "cells",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("barcode", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouses.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("warehouse_id", "key", name="cells_name"),
        sa.UniqueConstraint("barcode", name="cells_barcode"),
    )
    op.create_table(
        "home_cells",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("cell_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"]),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouses.id"]),
        sa.ForeignKeyConstraint(["cell_id"], ["cells.id"]),
        sa.PrimaryKeyConstraint("product_id", "warehouse_id"),
    )
    op.create_index("home_cells_of_cell", "home_cells", ["cell_id"])


def _add(table: str, column: str, kind: sa.types.TypeEngine[Any], start: str) -> None:
    """A column that every row has, those that exist already with ``start``."""
    op.add_column(table, sa.Column(column, kind, nullable=True))
    op.execute(f"UPDATE {table} SET {column} = {start}")
    op.alter_column(table, column, nullable=False)
