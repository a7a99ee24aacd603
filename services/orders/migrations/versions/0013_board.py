"""The board: orders that are not done, or not paid, by an index of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_index(
        "orders_on_board",
        "orders",
        ["created_at", "id"],
        postgresql_where=sa.text(
            "status IN ('draft', 'new', 'in_progress') OR status = 'done' AND "
            "CASE WHEN settled THEN total <> 0 AND paid_completion <> completion"
            " ELSE paid < total END"
        ),
    )
