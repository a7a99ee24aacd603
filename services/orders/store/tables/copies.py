"""Other services' clients, cars and products: copies that their events keep fresh, so that an
order can show and price them on its own."""

from __future__ import annotations

from sqlalchemy import ARRAY, Boolean, Column, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from services.orders.store.tables.columns import Instant, Money, Percent, tables


def _complete() -> Column[bool]:
    """False of rows from before their columns: their owner is asked when more is needed."""
    return Column("complete", Boolean, nullable=False, server_default=text("false"))


clients = Table(
    "clients",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("discount_percent", Percent, nullable=False),
    Column("services_discount_percent", Percent),
    Column("products_discount_percent", Percent),
    Column("kind", Text),
    Column("last_name", Text),
    Column("first_name", Text),
    Column("middle_name", Text),
    Column("company_name", Text),
    Column("phones", ARRAY(Text)),
    Column("email", Text),
    Column("comment", Text),
    Column("requisites", JSONB(none_as_null=True)),
    Column("erased_at", Instant),
    # Another name of that client's, who is meant by whatever names this one.
    Column("merged_into", Uuid),
    _complete(),
    Column("revision", Integer, nullable=False),
    Index("clients_merged", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
)
vehicles = Table(
    "vehicles",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("vin", Text),
    Column("plate", Text),
    Column("vendor", Text),
    Column("model", Text),
    Column("year", Integer),
    Column("engine", Text),
    Column("vehicle_class", Text),
    Column("mileage_km", Integer),
    _complete(),
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
    Column("comment", Text),
    Column("vendor", Text),
    Column("group", Text),
    Column("warranty_days", Integer),
    Column("warranty_km", Integer),
    Column("no_discount", Boolean, nullable=False, server_default=text("false")),
    # Its price follows a cost that nobody knows yet.
    Column("unpriced", Boolean, nullable=False, server_default=text("false")),
    # A list of name, short_name and factor (a string), the main unit first.
    Column("units", JSONB, nullable=False, server_default=text("'[]'")),
    _complete(),
    Column("revision", Integer, nullable=False),
)
