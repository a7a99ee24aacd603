"""Who was forgotten once is never shown again: the service may add to the list, and read it."""

from __future__ import annotations

from alembic import op

from shared.database import make_append_only

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    make_append_only(op.get_bind(), "erased")
