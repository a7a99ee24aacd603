"""What orders needs of clients' contracts: copies that their events keep fresh."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Integer, Table, Uuid

from services.orders.store.tables.columns import Money, Percent, tables

client_contracts = Table(
    "client_contracts",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("credit_limit", Money),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("revision", Integer, nullable=False),
    Column("discount_percent", Percent),
    # False: copied before the discount was, and asked for when it is needed.
    Column("complete", Boolean, nullable=False),
    Index("client_contracts_client", "client_id"),
)
