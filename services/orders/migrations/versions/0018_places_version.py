"""What the station says of itself has a version: whoever keeps it in memory asks for that alone.
Steps of prices have one index: by line, as they are asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_PLACES = ("stations", "sections", "posts", "employees", "order_types", "price_rules")


def upgrade() -> None:
    op.create_table(
        "places_version",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="places_version_one"),
    )
    op.execute("INSERT INTO places_version VALUES (1, 1)")
    op.execute(
        "CREATE FUNCTION places_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " UPDATE places_version SET version = version + 1; RETURN NULL; END $$"
    )
    for table in _PLACES:
        op.execute(
            f"CREATE TRIGGER places_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION places_changed()"
        )
    op.execute(
        "ALTER TABLE price_steps DROP CONSTRAINT price_steps_pkey,"
        " ADD CONSTRAINT price_steps_pkey PRIMARY KEY (line_id, id)"
    )
    op.drop_index("price_steps_of_line", "price_steps")
