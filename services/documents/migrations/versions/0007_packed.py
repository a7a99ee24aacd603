"""An event's headers are packed, as its body and a command's reply are."""

from __future__ import annotations

from alembic import op

from shared.database import pack_headers

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    pack_headers(op.get_bind())
