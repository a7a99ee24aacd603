"""The gateway's own tables: who may sign in, who is signed in, and which keys were used for what.

Nothing of the business lives here; see the services for that.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

tables = MetaData()

users = Table(
    "users",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("login", Text, nullable=False),
    # Case-folded, so that Иванов and иванов are one login whatever the database's locale is.
    Column("login_key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("must_change_password", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
    # By their codes; null: every station of the chain.
    Column("stations", ARRAY(Text)),
    Column("last_signed_in_at", TIMESTAMP(timezone=True)),
    # Sealed secrets of the second factor: in force, and not confirmed yet.
    Column("totp", LargeBinary),
    Column("totp_pending", LargeBinary),
    # The newest time step whose code was taken: none is taken twice.
    Column("totp_step", BigInteger, nullable=False, server_default="0"),
    Column("revision", Integer, nullable=False, server_default="1"),
)
sessions = Table(
    "sessions",
    tables,
    # Of the token; who reads the table cannot sign in with what stands in it.
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
    Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
    Column("id", Uuid, nullable=False, unique=True, server_default=func.gen_random_uuid()),
    Column("address", Text),
    Column("agent", Text),
    Index("sessions_of_user", "user_id"),
    Index("sessions_by_expiry", "expires_at"),
)
api_tokens = Table(
    "api_tokens",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
    Column("last_used_at", TIMESTAMP(timezone=True)),
    Column("revoked_at", TIMESTAMP(timezone=True)),
    Index("api_tokens_of_user", "user_id", "id"),
)
recovery_codes = Table(
    "recovery_codes",
    tables,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("code_hash", LargeBinary, primary_key=True),
)
sign_in_failures = Table(
    "sign_in_failures",
    tables,
    # What is counted: an address, a login, or a login at an address.
    Column("subject", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_failed_at", TIMESTAMP(timezone=True), nullable=False),
    Index("sign_in_failures_by_age", "last_failed_at"),
)
idempotency_keys = Table(
    "idempotency_keys",
    tables,
    Column("user_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
    Index("idempotency_keys_by_age", "created_at"),
    prefixes=["UNLOGGED"],
)
"""Empty after a crash of the database: see ``keys``."""

jobs = Table(
    "jobs",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    # Null: of the station's machines, by an operator's command.
    Column("user_id", Uuid),
    Column("login", Text, nullable=False),
    # As it was when the file was made: what it shows is what that role may see.
    Column("role", Text, nullable=False),
    Column("token", Text),
    Column("scopes", ARRAY(Text)),
    Column("station", Text, nullable=False),
    # Of the report that an export takes away, and how it is written down.
    Column("address", Text),
    Column("format", Text),
    Column("language", Text, nullable=False, server_default="en"),
    Column("state", Text, nullable=False),
    Column("stage", Text, nullable=False, server_default=""),
    Column("done", BigInteger, nullable=False, server_default="0"),
    Column("total", BigInteger),
    Column("unit", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    # The code of a refusal, and what fills its words.
    Column("failure", Text),
    Column("particulars", JSONB, nullable=False, server_default="{}"),
    # Its name in the folder of exports.
    Column("file_id", Uuid),
    Column("file_size", BigInteger),
    Column("attempts", Integer, nullable=False, server_default="0"),
    # Whoever works on it holds the lease and renews it; when it runs out, the job is free again.
    Column("lease_id", Uuid),
    Column("lease_until", TIMESTAMP(timezone=True)),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("started_at", TIMESTAMP(timezone=True)),
    Column("finished_at", TIMESTAMP(timezone=True)),
    Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
    Index("jobs_of_user", "user_id", "id"),
    Index("jobs_of_machines", "id", postgresql_where=text("user_id IS NULL")),
    Index("jobs_going", "id", postgresql_where=text("state IN ('waiting', 'running')")),
)


def login_key(login: str) -> str:
    """The same for every spelling of one login."""
    return login.strip().casefold()
