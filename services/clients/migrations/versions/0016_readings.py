"""A car's card shows the newest mileage of those that were typed and that its orders say."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

INSTANT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column("vehicles", sa.Column("mileage_at", INSTANT))
    op.add_column("vehicles", sa.Column("typed_km", sa.Integer))
    op.add_column("vehicles", sa.Column("typed_at", INSTANT))
    # So far every mileage was typed on the card, when the fact of it began.
    op.execute(
        "UPDATE vehicles SET mileage_at = known.since, typed_at = known.since,"
        " typed_km = vehicles.mileage_km"
        " FROM (SELECT car.id, coalesce(fact.since, car.updated_at) AS since FROM vehicles car"
        " LEFT JOIN vehicle_facts fact ON fact.vehicle_id = car.id AND fact.kind = 'mileage'"
        " AND fact.until IS NULL) known"
        " WHERE known.id = vehicles.id AND vehicles.mileage_km IS NOT NULL"
    )
    op.create_table(
        "readings",
        sa.Column("order_id", sa.Uuid, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("vehicle_id", sa.Uuid),
        sa.Column("mileage_km", sa.Integer),
        sa.Column("at", INSTANT),
    )
    op.create_index("readings_vehicle", "readings", ["vehicle_id"])
