"""The class of a car, in the station's own words."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("vehicles", sa.Column("vehicle_class", sa.Text()))
