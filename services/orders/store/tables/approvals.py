"""The links by which clients answer estimates, and the secret that signs them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, Text, Uuid, text

from services.orders.store.tables.columns import Instant, tables

estimate_links = Table(
    "estimate_links",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    # One link at a time.
    Index(
        "estimate_links_of_order",
        "order_id",
        unique=True,
        postgresql_where=text("revoked_at IS NULL"),
    ),
)
station_secrets = Table(
    "station_secrets",
    tables,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
