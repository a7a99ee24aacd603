"""The discount of clients' contracts; copies from before do not know it until it is asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("client_contracts", sa.Column("discount_percent", sa.Numeric(5, 2)))
    op.add_column(
        "client_contracts",
        sa.Column("complete", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.alter_column("client_contracts", "complete", server_default=None)
