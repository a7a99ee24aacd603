"""Whether an order stands on the board is a column, so that most changes of an order touch no
index; and its page keeps room for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ON_BOARD = """(status IN ('draft', 'new', 'in_progress') OR status = 'done' AND
    CASE WHEN settled THEN total <> 0 AND paid_completion <> completion ELSE paid < total END)"""


def upgrade() -> None:
    op.drop_index("orders_on_board", "orders")
    op.execute("ALTER TABLE orders SET (fillfactor = 70)")
    # The rows are written anew, with that room between them.
    op.add_column(
        "orders",
        sa.Column("on_board", sa.Boolean(), sa.Computed(_ON_BOARD, persisted=True), nullable=False),
    )
    op.create_index(
        "orders_on_board", "orders", ["created_at", "id"], postgresql_where=sa.text("on_board")
    )
