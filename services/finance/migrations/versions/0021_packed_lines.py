"""What a settlement keeps as JSON is bytes, which new ones have packed: its row is written
twice."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    # One pass through the table for all of them. JSON's own null stands for nothing, too.
    alike = (
        f"ALTER {name} TYPE bytea USING convert_to(nullif({name}, 'null')::text, 'UTF8')"
        for name in ("labor", "sold_lines", "issued_lines")
    )
    op.execute(f"ALTER TABLE settlements {', '.join(alike)}")
