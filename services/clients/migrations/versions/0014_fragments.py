"""Phones too are found within the seven weeks in which a card was made, by the index of names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.drop_index("clients_name_key_fragments", "clients")
    op.drop_index("clients_phone_key_fragments", "clients")
    op.create_index(
        "clients_fragments",
        "clients",
        [sa.text("(('x' || left(id::text, 4))::bit(16)::int)"), "name_key", "phone_key"],
        postgresql_using="gin",
        postgresql_ops={"name_key": "gin_trgm_ops", "phone_key": "gin_trgm_ops"},
        postgresql_with={"fastupdate": "off"},
    )
