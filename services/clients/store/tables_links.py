"""Who belongs to whom."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Table, Text, Uuid

from services.clients.store.tables import tables

links = Table(
    "links",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("client_id", ForeignKey("clients.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("other_id", ForeignKey("clients.id")),
    Column("vehicle_id", ForeignKey("vehicles.id")),
    Column("since", Date, nullable=False),
    Column("until", Date),
    CheckConstraint("role IN ('family', 'employee', 'driver', 'payer')", name="links_role"),
    CheckConstraint("num_nonnulls(other_id, vehicle_id) = 1", name="links_one_end"),
    CheckConstraint("until > since", name="links_period"),
    Index("links_client", "client_id", "id"),
    Index("links_other", "other_id", "id"),
    Index("links_vehicle", "vehicle_id"),
)
