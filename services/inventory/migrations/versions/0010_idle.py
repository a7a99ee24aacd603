"""Reports of stock that read a page: what lies idle in the order of an index, what a product did by
time, what has a minimum."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    _keep_what_lies_idle()
    op.drop_index("movements_of_product", "movements")
    op.create_index("movements_of_product", "movements", ["product_id", "at", "id"])
    op.drop_index("movements_by_time", "movements")
    op.create_index(
        "products_with_minimum", "products", ["id"], postgresql_where=sa.text("min_stock > 0")
    )


def _keep_what_lies_idle() -> None:
    """As the stock is now: a place with movements that are not folded yet is told when they are."""
    op.add_column("last_moves", sa.Column("idle_since", TIMESTAMP(timezone=True)))
    op.add_column("last_moves", sa.Column("lies", sa.Boolean))
    op.execute(
        "INSERT INTO last_moves (product_id, warehouse_id)"
        " SELECT product_id, warehouse_id FROM stock ON CONFLICT DO NOTHING"
    )
    op.execute(
        "UPDATE last_moves SET idle_since = coalesce(issue_at, stock.since),"
        " lies = stock.on_hand > 0 FROM stock"
        " WHERE stock.product_id = last_moves.product_id"
        " AND stock.warehouse_id = last_moves.warehouse_id"
    )
    for column in ("idle_since", "lies"):
        op.alter_column("last_moves", column, nullable=False)
    op.create_index(
        "last_moves_idle",
        "last_moves",
        ["idle_since", "product_id", "warehouse_id"],
        postgresql_where=sa.text("lies"),
    )
