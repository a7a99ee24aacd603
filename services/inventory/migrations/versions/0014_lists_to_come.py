"""A supplier's price list may wait for its day beside the one that holds."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.drop_constraint("price_lists_pkey", "price_lists")
    op.create_primary_key("price_lists_pkey", "price_lists", ["supplier_id", "valid_from"])
