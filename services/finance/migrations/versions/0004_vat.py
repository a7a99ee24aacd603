"""VAT: the station's rates, and what of it each settlement contains."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

revision = "0004"
down_revision = "0003"

MONEY = sa.Numeric(20, 2)


def upgrade() -> None:
    op.create_table(
        "vat_settings",
        sa.Column("station_id", sa.Uuid, primary_key=True),
        sa.Column("regime", sa.Text, nullable=False),
        sa.Column("rates", JSONB, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("updated_at", TIMESTAMP(timezone=True)),
    )
    op.add_column("settlements", sa.Column("vat_percent", sa.Numeric(5, 2)))
    for part in ("services", "products", "materials"):
        op.add_column("settlements", sa.Column(f"vat_{part}", MONEY))
    # Whatever was sold until now was sold without VAT.
    op.execute(
        "UPDATE settlements SET vat_services = 0, vat_products = 0, vat_materials = 0"
        " WHERE number IS NOT NULL"
    )
