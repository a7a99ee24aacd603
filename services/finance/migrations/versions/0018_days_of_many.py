"""Days of clients and products are kept of each section only: of all of them together they were the
same rows again, since hardly a client or product is sold to twice in a day."""

from alembic import op

revision = "0018"
down_revision = "0017"

EVERYWHERE = "ffffffff-ffff-ffff-ffff-ffffffffffff"


def upgrade() -> None:
    op.execute(
        "DELETE FROM sales_sums WHERE grain = 'day' AND by IN ('client', 'product')"
        f" AND section_id = '{EVERYWHERE}'"
    )
