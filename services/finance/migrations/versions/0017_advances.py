"""The VAT of advances: at which rate a payment is held. Of money that came before, nobody wrote
that down, and the books go on without."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("payments", sa.Column("vat_percent", sa.Numeric(5, 2)))
