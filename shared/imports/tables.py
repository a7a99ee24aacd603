"""Where an import lies: the same tables in every service that takes some."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    TIMESTAMP,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.contracts.imports import ImportState

ENDED: tuple[ImportState, ...] = ("applied", "failed", "cancelled")
_Instant = TIMESTAMP(timezone=True)

staging = MetaData()
"""Each service that takes imports has these tables, in its own database."""

imports = Table(
    "imports",
    staging,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("supplier_id", Uuid),
    Column("valid_from", Date),
    # The same file once more is told, as long as this import is under way or what it brought holds.
    Column("live", Boolean, nullable=False),
    Column("wanted", JSONB, nullable=False),
    Column("columns", JSONB, nullable=False),
    Column("header_row", Integer, nullable=False),
    Column("rows_read", Integer, nullable=False),
    Column("rows_checked", Integer, nullable=False),
    Column("rows_good", Integer, nullable=False),
    Column("rows_bad", Integer, nullable=False),
    # The last row of the file, with header, that was checked: where checking goes on.
    Column("checked_to", Integer, nullable=False),
    Column("on_duplicate", Text),
    Column("failure", Text),
    Column("particulars", JSONB, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", _Instant, nullable=False),
    Column("updated_at", _Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    CheckConstraint(
        "state IN ('uploading', 'checking', 'ready', 'applying', 'applied', 'failed', 'cancelled')",
        name="imports_state",
    ),
    Index(
        "imports_once",
        "kind",
        "supplier_id",
        "digest",
        unique=True,
        postgresql_where=text("live"),
        postgresql_nulls_not_distinct=True,
    ),
    Index("imports_at_work", "id", postgresql_where=text("state IN ('checking', 'applying')")),
)
chunks = Table(
    "import_chunks",
    staging,
    Column("import_id", ForeignKey("imports.id"), primary_key=True),
    Column("first_row", Integer, primary_key=True),
    Column("rows", Integer, nullable=False),
    # JSON, an array of arrays of strings: only ever read as a whole.
    Column("body", LargeBinary, nullable=False),
)
problems = Table(
    "import_problems",
    staging,
    Column("import_id", ForeignKey("imports.id"), primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("header", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("particulars", JSONB, nullable=False),
)


def create_import_tables(bind: Any) -> None:
    """For the migration of a service that begins to take imports: the tables as of v1."""
    staging.create_all(bind)
