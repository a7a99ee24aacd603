"""What is not published yet stands in a narrow table of its own."""

from __future__ import annotations

from alembic import op

from shared.database import set_unpublished_apart

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    set_unpublished_apart(op.get_bind())
