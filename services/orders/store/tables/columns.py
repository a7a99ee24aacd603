"""The types of columns, and the schema that all tables of the service belong to."""

from __future__ import annotations

from sqlalchemy import TIMESTAMP, MetaData, Numeric

tables = MetaData()

Instant = TIMESTAMP(timezone=True)
Money = Numeric(12, 2)
Quantity = Numeric(9, 3)
Percent = Numeric(5, 2)
Hours = Numeric(10, 5)
