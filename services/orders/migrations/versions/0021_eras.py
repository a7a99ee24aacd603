"""Orders are found by words within the seven weeks in which they were made, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_ERA = "date_bin('1176:00:00'::interval, created_at, '2000-01-01 00:00:00+00'::timestamptz)"
_WORDS = "lower(number || ' ' || client_name || ' ' || coalesce(vehicle_name, ''))"


def upgrade() -> None:
    op.drop_index("orders_search", "orders")
    op.create_index(
        "orders_search",
        "orders",
        [sa.text(_ERA), sa.text(f"{_WORDS} gin_trgm_ops")],
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": "128"},
    )
