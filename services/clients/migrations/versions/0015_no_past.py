"""Where nobody is known yet there are no visits from before to be fetched either."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("UPDATE past_visits SET done_at = now() WHERE NOT EXISTS (SELECT FROM clients)")
