"""A supplier's price list may wait for its day beside the one that holds."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.drop_constraint("price_lists_pkey", "price_lists")
    op.create_primary_key("price_lists_pkey", "price_lists", ["supplier_id", "valid_from"])
    # One of a day to come held from the moment on at which it was applied, and what it replaced is
    # gone: it goes on holding.
    op.execute(
        "UPDATE price_lists SET valid_from = applied_at::date WHERE valid_from > current_date"
    )
    op.execute(
        "UPDATE imports SET valid_from = price_lists.valid_from FROM price_lists"
        " WHERE imports.id = price_lists.list_id AND imports.valid_from > price_lists.valid_from"
    )
