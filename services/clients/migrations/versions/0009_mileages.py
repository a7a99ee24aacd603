"""Mileages of a car are dated, as its plates are."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.drop_constraint("vehicle_facts_kind", "vehicle_facts")
    op.create_check_constraint(
        "vehicle_facts_kind", "vehicle_facts", "kind IN ('owner', 'plate', 'vin', 'mileage')"
    )
    # Of what was read before, only the last is known, and that it was by then.
    op.execute(
        sa.text(
            "INSERT INTO vehicle_facts (vehicle_id, kind, value, since)"
            " SELECT id, 'mileage', mileage_km::text, updated_at FROM vehicles"
            " WHERE mileage_km IS NOT NULL ORDER BY id"
        )
    )
