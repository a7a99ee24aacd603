"""Programs of whoever has a one-time password stay out: a reset had shut their tokens without
revoking them, and what is not revoked opens again now."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("""
        UPDATE api_tokens SET revoked_at = now()
        FROM users
        WHERE users.id = api_tokens.user_id
            AND users.must_change_password
            AND api_tokens.revoked_at IS NULL
            AND api_tokens.expires_at > now()
    """)
