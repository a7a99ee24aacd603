"""A client's own discount on works, and on goods."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("clients", sa.Column("services_discount_percent", sa.Numeric(5, 2)))
    op.add_column("clients", sa.Column("products_discount_percent", sa.Numeric(5, 2)))
    op.create_check_constraint(
        "clients_discounts_of_kinds",
        "clients",
        "services_discount_percent BETWEEN 0 AND 100"
        " AND products_discount_percent BETWEEN 0 AND 100",
    )
