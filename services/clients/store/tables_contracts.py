"""Contracts with clients."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, Numeric, Table, Text, Uuid

from services.clients.store.tables import Instant, tables

contracts = Table(
    "contracts",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("client_id", ForeignKey("clients.id"), nullable=False),
    Column("number", Text, nullable=False),
    Column("signed_on", Date, nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("payment_days", Integer, nullable=False),
    Column("credit_limit", Numeric(12, 2)),
    Column("discount_percent", Numeric(5, 2)),
    Column("comment", Text),
    Column("revision", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("contracts_client", "client_id", "signed_on", "id"),
)
