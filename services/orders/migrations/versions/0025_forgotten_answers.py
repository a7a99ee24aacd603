"""Who was forgotten before is not named as who answered for a work either."""

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.execute(
        "UPDATE service_lines SET approval_by = orders.client_name FROM orders"
        " JOIN clients ON clients.id = orders.client_id"
        " WHERE orders.id = service_lines.order_id AND clients.erased_at IS NOT NULL"
        " AND service_lines.approval_by IS NOT NULL"
    )
