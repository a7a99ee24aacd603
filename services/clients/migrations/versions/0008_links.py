"""Who belongs to whom."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "links",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, sa.ForeignKey("clients.id"), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("other_id", sa.Uuid, sa.ForeignKey("clients.id")),
        sa.Column("vehicle_id", sa.Uuid, sa.ForeignKey("vehicles.id")),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("until", sa.Date),
        sa.CheckConstraint("role IN ('family', 'employee', 'driver', 'payer')", name="links_role"),
        sa.CheckConstraint("num_nonnulls(other_id, vehicle_id) = 1", name="links_one_end"),
        sa.CheckConstraint("until > since", name="links_period"),
    )
    op.create_index("links_client", "links", ["client_id", "id"])
    op.create_index("links_other", "links", ["other_id", "id"])
    op.create_index("links_vehicle", "links", ["vehicle_id"])
