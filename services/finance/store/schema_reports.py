"""What finance's reports answer from: the sales, and the sums by day, month, quarter and year of
ledger and sales. All of it follows from the ledger, and can be reckoned from it anew."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Computed,
    Date,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from services.finance.store.schema import INSTANT, MONEY, tables

NOBODY = UUID(int=0)
"""Stands for no section, nobody and nothing in the keys of sums."""
EVERYWHERE = UUID(int=2**128 - 1)
"""Stands for all sections together; in the sums of sales, those of all stations."""
QUANTITY = Numeric(18, 3)

unfolded = Table("unfolded", tables, Column("entry_id", Uuid, primary_key=True))
"""Entries that the sums do not know yet. Whoever writes an entry writes its row."""


def _amounts() -> list[Column[Any]]:
    return [
        Column("quantity", QUANTITY, nullable=False),
        *(
            Column(name, MONEY, nullable=False)
            for name in ("works", "goods", "materials", "vat", "cost", "pay")
        ),
    ]


sales = Table(
    "sales",
    tables,
    Column("entry_id", Uuid, primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("station_id", Uuid, nullable=False),
    Column("section_id", Uuid),
    Column("order_id", Uuid),
    Column("client_id", Uuid),
    Column("employee_id", Uuid),
    Column("service_id", Uuid),
    Column("name", Text, nullable=False),
    Column("product_id", Uuid),
    Column("orders", SmallInteger, nullable=False),
    Column("jobs", SmallInteger, nullable=False),
    *_amounts(),
    # Null of what was heard before orders told it.
    Column("order_type", Text),
    # Of a correction of cost: the entry that settled the order.
    Column("corrects", Uuid),
    Index("sales_corrects", "corrects", postgresql_where=text("corrects IS NOT NULL")),
    Index("sales_at", "at", "entry_id"),
    Index("sales_employee", "employee_id", "at", postgresql_where=text("employee_id IS NOT NULL")),
    Index("sales_client", "client_id", "at", postgresql_where=text("client_id IS NOT NULL")),
)
"""What entries earned and cost, line by line; only ever inserted into, like the ledger."""

ledger_sums = Table(
    "ledger_sums",
    tables,
    Column("grain", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("station_id", Uuid, primary_key=True),
    Column("section_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    # Empty in the rows that count entries as such, with postings or without.
    Column("debit", Text, primary_key=True),
    Column("credit", Text, primary_key=True),
    Column("category", Text, primary_key=True),
    Column("amount", MONEY, nullable=False),
    Column("records", Integer, nullable=False),
)
sales_sums = Table(
    "sales_sums",
    tables,
    Column("grain", Text),
    # Of whom the key is: the same sales by each.
    Column("by", Text),
    Column("day", Date),
    Column("key", Uuid),
    # Of what has no other key: a work in somebody's own words, a type of order.
    Column("name", Text),
    Column("station_id", Uuid),
    Column("section_id", Uuid),
    Column("orders", Integer, nullable=False),
    Column("jobs", Integer, nullable=False),
    *_amounts(),
    Column("revenue", MONEY, Computed("works + goods + materials + vat", persisted=True)),
    # All that is kept of one client or product lies together.
    PrimaryKeyConstraint("grain", "by", "key", "day", "name", "station_id", "section_id"),
    # Each stretch in the order of its revenue, with what else reports rank by: a page of a hundred
    # thousand clients is read from its beginning.
    Index(
        "sales_sums_ranked",
        *("grain", "by", "day", "section_id", "revenue", "key", "name"),
        postgresql_include=("quantity", "vat", "cost"),
    ),
)
