"""What cards are compared by: those without a phone by name, and phones in one index, not two."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_index(
        "clients_without_phone",
        "clients",
        ["name_key"],
        postgresql_where=sa.text("phone_key = '  '"),
    )
    op.drop_index("clients_phone_numbers", "clients")
