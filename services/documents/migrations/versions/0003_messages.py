"""Messages to clients: their templates, what was sent, and what is known for it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP

revision = "0003"
down_revision = "0002"

INSTANT = TIMESTAMP(timezone=True)


def upgrade() -> None:
    create_templates()
    create_messages()
    create_copies()


def create_templates() -> None:
    op.create_table(
        "message_templates",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("fact", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("condition", sa.Text),
        sa.Column("delay", JSONB, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("ru", JSONB),
        sa.Column("en", JSONB),
        sa.Column("shipped", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint("channel IN ('sms', 'email')", name="message_templates_channel"),
        sa.CheckConstraint("NOT (urgent AND kind = 'marketing')", name="message_templates_urgent"),
    )
    op.create_index(
        "message_templates_fact",
        "message_templates",
        ["fact"],
        postgresql_where=sa.text("active"),
    )


def create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("fact", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("correlation_id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Uuid),
        sa.Column("vehicle_id", sa.Uuid),
        sa.Column("completion", sa.Integer),
        sa.Column("template_id", sa.Uuid),
        sa.Column("template_name", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("recipient", sa.Text),
        sa.Column("email_subject", sa.Text),
        sa.Column("text", sa.Text),
        sa.Column("wake_at", INSTANT),
        sa.Column("waits_for", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("looks", sa.Integer, nullable=False),
        sa.Column("claimed_at", INSTANT),
        sa.Column("provider", sa.Text),
        sa.Column("provider_id", sa.Text),
        sa.Column("sent_at", INSTANT),
        sa.Column("delivered_at", INSTANT),
        sa.Column("reason", sa.Text),
        sa.Column("detail", sa.Text),
        sa.Column("resend_of", sa.Uuid),
        sa.Column("revision", sa.Integer, nullable=False),
        *message_rules(),
    )
    awake = sa.text("wake_at IS NOT NULL")
    op.create_index("messages_awake", "messages", ["wake_at"], postgresql_where=awake)
    op.create_index("messages_order", "messages", ["order_id", "id"])
    op.create_index("messages_client", "messages", ["client_id", "id"])
    op.create_index("messages_by_state", "messages", ["state", "id"])
    claimed = sa.text("claimed_at IS NOT NULL")
    op.create_index("messages_claimed", "messages", ["claimed_at"], postgresql_where=claimed)
    pending = sa.text("state IN ('scheduled', 'queued') AND vehicle_id IS NOT NULL")
    op.create_index("messages_of_car", "messages", ["vehicle_id"], postgresql_where=pending)


def message_rules() -> tuple[sa.CheckConstraint, ...]:
    return (
        sa.CheckConstraint(
            "state IN ('scheduled', 'queued', 'sending', 'sent', 'delivered', 'failed',"
            " 'undetermined', 'skipped', 'cancelled')",
            name="messages_state",
        ),
        sa.CheckConstraint(
            "state NOT IN ('queued', 'sending', 'sent', 'delivered')"
            " OR (recipient IS NOT NULL AND text IS NOT NULL)",
            name="messages_written",
        ),
    )


def create_copies() -> None:
    op.create_table(
        "message_clients",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("phones", ARRAY(sa.Text), nullable=False),
        sa.Column("email", sa.Text),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("consents", JSONB, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "part_answers",
        sa.Column("line_id", sa.Uuid, primary_key=True),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("answer", sa.Integer, nullable=False),
        sa.Column("short", sa.Boolean, nullable=False),
    )
    op.create_index("part_answers_order", "part_answers", ["order_id"])
