"""The tables of messages. Clients' addresses and consents are copies that events keep fresh."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

tables = MetaData()

Instant = TIMESTAMP(timezone=True)

message_templates = Table(
    "message_templates",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("fact", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("condition", Text),
    Column("delay", JSONB, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("ru", JSONB(none_as_null=True)),
    Column("en", JSONB(none_as_null=True)),
    Column("shipped", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint("channel IN ('sms', 'email')", name="message_templates_channel"),
    CheckConstraint("NOT (urgent AND kind = 'marketing')", name="message_templates_urgent"),
    Index("message_templates_fact", "fact", postgresql_where=text("active")),
)
messages = Table(
    "messages",
    tables,
    Column("id", Uuid, primary_key=True),
    # What it was made for: the same fact, told twice, makes no second message.
    Column("key", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("fact", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("correlation_id", Uuid, nullable=False),
    Column("order_id", Uuid),
    Column("vehicle_id", Uuid),
    Column("completion", Integer),
    Column("template_id", Uuid),
    Column("template_name", Text),
    Column("language", Text),
    Column("recipient", Text),
    Column("email_subject", Text),
    Column("text", Text),
    Column("wake_at", Instant),
    Column("waits_for", Text),
    Column("attempts", Integer, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("claimed_at", Instant),
    Column("provider", Text),
    Column("provider_id", Text),
    Column("sent_at", Instant),
    Column("delivered_at", Instant),
    Column("reason", Text),
    Column("detail", Text),
    Column("resend_of", Uuid),
    Column("revision", Integer, nullable=False),
    CheckConstraint(
        "state IN ('scheduled', 'queued', 'sending', 'sent', 'delivered', 'failed',"
        " 'undetermined', 'skipped', 'cancelled')",
        name="messages_state",
    ),
    # Whoever is to be called has somebody to call, and something to say.
    CheckConstraint(
        "state NOT IN ('queued', 'sending', 'sent', 'delivered')"
        " OR (recipient IS NOT NULL AND text IS NOT NULL)",
        name="messages_written",
    ),
    Index("messages_awake", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),
    Index("messages_order", "order_id", "id"),
    Index("messages_client", "client_id", "id"),
    Index("messages_by_state", "state", "id"),
    Index("messages_claimed", "claimed_at", postgresql_where=text("claimed_at IS NOT NULL")),
    Index(
        "messages_of_car",
        "vehicle_id",
        postgresql_where=text("state IN ('scheduled', 'queued') AND vehicle_id IS NOT NULL"),
    ),
)
message_clients = Table(
    "message_clients",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("phones", ARRAY(Text), nullable=False),
    Column("email", Text),
    Column("language", Text, nullable=False),
    Column("consents", JSONB, nullable=False),
    # Another name of that client's, to whom its messages go.
    Column("merged_into", Uuid),
    Column("revision", Integer, nullable=False),
)
part_answers = Table(
    "part_answers",
    tables,
    Column("line_id", Uuid, primary_key=True),
    Column("order_id", Uuid, nullable=False),
    # The warehouse counts its answers to a line: an older one that comes late is known by it.
    Column("answer", Integer, nullable=False),
    Column("short", Boolean, nullable=False),
    Column("no_arrival", Boolean, nullable=False, server_default="false"),
    Index("part_answers_order", "order_id"),
)
"""What the warehouse last said of each part line. Nothing is forgotten when an order is closed: an
older answer may come after that, and so may the closing after the order was opened again."""
