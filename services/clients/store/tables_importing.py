"""Rows of client lists on their way in; the import itself lies in ``shared.imports.tables``."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from services.clients.store.tables import tables

client_rows = Table(
    "client_rows",
    tables,
    Column("import_id", Uuid, primary_key=True),
    Column("row", Integer, primary_key=True),
    # What it says, clean: fields of a card, of a car, and how the client is shown.
    Column("client", JSONB, nullable=False),
    Column("vehicle", JSONB),
    Column("name", Text, nullable=False),
    # Clients whom it fits, each with what it fits by: [{"client_id", "by": [...]}].
    Column("matches", JSONB, nullable=False),
    Column("fits", Integer, nullable=False),
    # The first row of the file that is the same client; of most rows itself.
    Column("same_as", Integer, nullable=False),
    # What a person has decided.
    Column("choice", Text),
    Column("client_id", Uuid),
    CheckConstraint("choice IN ('skip', 'update', 'create', 'ask')", name="client_rows_choice"),
)
client_row_keys = Table(
    "client_row_keys",
    tables,
    Column("import_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("row", Integer, nullable=False),
)
"""The first row of a file that has a phone, a VIN or a plate."""
