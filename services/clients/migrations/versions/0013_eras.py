"""Names are found within the seven weeks in which a card was made, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.drop_index("clients_name_key_fragments", "clients")
    op.create_index(
        "clients_name_key_fragments",
        "clients",
        [sa.text("(('x' || left(id::text, 4))::bit(16)::int)"), "name_key"],
        postgresql_using="gin",
        postgresql_ops={"name_key": "gin_trgm_ops"},
        postgresql_with={"fastupdate": "off"},
    )
