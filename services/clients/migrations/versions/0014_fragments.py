"""Phones too are found within the seven weeks in which a card was made, by the index of names; new
rows wait for a hundred others before they go into an index of pieces."""

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
        postgresql_with={"gin_pending_list_limit": "128"},
    )
    for index in (
        "vehicles_vin_fragments",
        "vehicles_plate_key_fragments",
        "name_words_word_fragments",
    ):
        op.execute(f"ALTER INDEX {index} SET (fastupdate = on, gin_pending_list_limit = 128)")
