"""Table of the station's VAT."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from services.finance.store.schema import INSTANT, tables

vat_settings = Table(
    "vat_settings",
    tables,
    Column("station_id", Uuid, primary_key=True),
    Column("regime", Text, nullable=False),
    # A list of from, percent and label, the earliest first.
    Column("rates", JSONB, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("updated_at", INSTANT),
)
