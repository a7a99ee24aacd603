"""What persons who were forgotten before had said of their visits. What the station wrote for them
stays: by which words they were known, nobody knows any more."""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.execute(
        "UPDATE orders SET customer_reason = NULL FROM clients"
        " WHERE clients.id = orders.client_id AND clients.erased_at IS NOT NULL"
        " AND orders.customer_reason IS NOT NULL"
    )
