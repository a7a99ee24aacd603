"""Other services' clients, cars and products: copies that their events keep fresh, so that an
order can show and price them on its own."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text, Uuid

from services.orders.tables.columns import Money, Percent, tables

clients = Table(
    "clients",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("discount_percent", Percent, nullable=False),
    Column("revision", Integer, nullable=False),
)
vehicles = Table(
    "vehicles",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("revision", Integer, nullable=False),
)
products = Table(
    "products",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("oem", Text),
    Column("measure", Text, nullable=False),
    Column("price", Money, nullable=False),
    Column("revision", Integer, nullable=False),
)
