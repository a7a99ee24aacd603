"""Of a part of a reopened order is known how much of it was issued: no more can be lost."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column(
        "part_lines",
        sa.Column("came_back", sa.Numeric(9, 3), nullable=False, server_default="0"),
    )
    op.alter_column("part_lines", "came_back", server_default=None)
    # Of what is open again already nobody noted it; whoever writes off says how much.
    op.execute(
        "UPDATE part_lines SET came_back = part_lines.quantity FROM orders"
        " WHERE orders.id = part_lines.order_id AND orders.status = 'in_progress'"
        " AND orders.completion > 0 AND part_lines.state <> 'released'"
    )
