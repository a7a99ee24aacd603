"""The tables of print forms. What was saved is never changed: a template is its newest version."""

from __future__ import annotations

from sqlalchemy import (
    TIMESTAMP,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

tables = MetaData()

Instant = TIMESTAMP(timezone=True)

form_versions = Table(
    "form_versions",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("form", Text, nullable=False),
    Column("language", Text, nullable=False),
    # From 2 on; 1 is the shipped file, which is in no table.
    Column("revision", Integer, nullable=False),
    # Null: from here on the form follows the shipped file again.
    Column("template", Text),
    Column("restored", Integer),
    Column("note", Text),
    Column("author", Text, nullable=False),
    Column("at", Instant, nullable=False),
    # Two who edit the same version at once: the second one's insert is refused.
    UniqueConstraint("form", "language", "revision", name="form_versions_revision"),
)
form_looks = Table(
    "form_looks",
    tables,
    # As with templates, the newest is what holds.
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("accent", Text, nullable=False),
    # PNG, made by us of what was uploaded.
    Column("logo", LargeBinary),
    Column("author", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
