"""The tables of photos. Lists never touch the pictures."""

from __future__ import annotations

from sqlalchemy import (
    TIMESTAMP,
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
    text,
)

tables = MetaData()

Instant = TIMESTAMP(timezone=True)

photos = Table(
    "photos",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("order_id", Uuid, nullable=False),
    # As the order had them when the photo was brought.
    Column("number", Text, nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("line_id", Uuid),
    Column("caption", Text),
    Column("visible_to_client", Boolean, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("removed_at", Instant),
    Column("removed_by", Text),
    Index("photos_of_order", "order_id", "id", postgresql_where=text("removed_at IS NULL")),
    # Of a person who asks to be forgotten.
    Index("photos_of_client", "client_id"),
)
photo_files = Table(
    "photo_files",
    tables,
    Column("photo_id", ForeignKey("photos.id"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("small", LargeBinary, nullable=False),
)
