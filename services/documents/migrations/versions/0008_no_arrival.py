"""That the warehouse's last answer to a part was no arrival. Of those before, it is not known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column(
        "part_answers",
        sa.Column("no_arrival", sa.Boolean(), nullable=False, server_default="false"),
    )
