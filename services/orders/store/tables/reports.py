"""What reports of orders answer from: sums by day, month, quarter and year, and changes that
they do not know yet. All of it follows from the orders, and can be reckoned from them anew."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Date, Integer, Numeric, Table, Text, Uuid

from services.orders.store.tables.columns import Instant, tables

SHARED = Numeric(28, 12)
"""Shares of works, exact: hours (5 places) times quantity (3) times a percent (4)."""


def _measures() -> list[Column[Any]]:
    return [
        Column("orders", Integer, nullable=False),
        Column("total", SHARED, nullable=False),
        Column("planned_minutes", SHARED, nullable=False),
        Column("sold_hours", SHARED, nullable=False),
        Column("clocked_minutes", SHARED, nullable=False),
    ]


order_changes = Table(
    "order_changes",
    tables,
    Column("at", Instant, nullable=False),
    Column("station_id", Uuid, nullable=False),
    Column("section_id", Uuid, nullable=False),
    Column("what", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("employee_id", Uuid, nullable=False),
    *_measures(),
)
"""By how much a count has changed; whoever changes an order writes them. Without a key: they are
written once, and folded in whatever order."""
order_sums = Table(
    "order_sums",
    tables,
    Column("grain", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("station_id", Uuid, primary_key=True),
    Column("section_id", Uuid, primary_key=True),
    Column("status", Text, primary_key=True),
    Column("employee_id", Uuid, primary_key=True),
    *_measures(),
)
