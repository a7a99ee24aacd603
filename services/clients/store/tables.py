"""The tables of clients."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

tables = MetaData()

Instant = TIMESTAMP(timezone=True)


def era_of(client_id: str) -> str:
    """In which seven weeks the card was made, in SQL: an id begins with the time."""
    return f"('x' || left({client_id}::text, 4))::bit(16)::int"


def _fragments(name: str, *columns: str, client_id: str | None = None) -> Index:
    """Finds any fragment of three characters or more, in all eras or in one. New rows wait until
    they are worth a visit to all pages of their pieces; every search reads through them, and so
    they may be about a hundred."""
    era = [text(f"({era_of(client_id)})")] if client_id else []
    return Index(
        name,
        *era,
        *columns,
        postgresql_using="gin",
        postgresql_ops=dict.fromkeys(columns, "gin_trgm_ops"),
        postgresql_with={"gin_pending_list_limit": "128"},
    )


clients = Table(
    "clients",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("last_name", Text),
    Column("first_name", Text),
    Column("middle_name", Text),
    Column("company_name", Text),
    Column("phones", ARRAY(Text), nullable=False),
    Column("email", Text),
    Column("discount_percent", Numeric(5, 2)),
    Column("comment", Text),
    Column("language", Text, nullable=False, server_default="ru"),
    Column("consents", JSONB, nullable=False, server_default="{}"),
    Column("services_discount_percent", Numeric(5, 2)),
    Column("products_discount_percent", Numeric(5, 2)),
    Column("revision", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("requisites", JSONB(none_as_null=True)),
    Column("erased_at", Instant),
    Column("merged_into", ForeignKey("clients.id")),
    # What the card is found by: see search.py.
    Column("name_key", Text, nullable=False),
    Column("phone_key", Text, nullable=False),
    CheckConstraint("kind IN ('person', 'company')", name="clients_kind"),
    CheckConstraint("language IN ('ru', 'en')", name="clients_language"),
    CheckConstraint("discount_percent BETWEEN 0 AND 100", name="clients_discount_percent"),
    CheckConstraint(
        "services_discount_percent BETWEEN 0 AND 100"
        " AND products_discount_percent BETWEEN 0 AND 100",
        name="clients_discounts_of_kinds",
    ),
    Index("clients_merged", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
    # What two cards of one client have in common (see merging.py), and a card and a line of a list.
    Index(
        "clients_phones", "phones", postgresql_using="gin", postgresql_with={"fastupdate": "off"}
    ),
    Index("clients_email", text("lower(email)"), postgresql_where=text("email IS NOT NULL")),
    Index("clients_name", "name_key"),
    Index("clients_without_phone", "name_key", postgresql_where=text("phone_key = '  '")),
    _fragments("clients_fragments", "name_key", "phone_key", client_id="id"),
)
vehicles = Table(
    "vehicles",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("client_id", ForeignKey("clients.id"), nullable=False),
    Column("vin", Text),
    Column("plate", Text),
    Column("plate_key", Text),
    Column("vendor", Text),
    Column("model", Text),
    Column("year", Integer),
    Column("engine", Text),
    Column("mileage_km", Integer),
    Column("vehicle_class", Text),
    Column("revision", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("mileage_at", Instant),
    Column("typed_km", Integer),
    Column("typed_at", Instant),
    Index("vehicles_client", "client_id", "id"),
    Index("vehicles_vin", "vin", unique=True),
    Index("vehicles_plate", "plate_key"),
    Index("vehicles_make", text("lower(vendor)"), text("lower(model)"), "year"),
    Index("vehicles_year", "year"),
    _fragments("vehicles_vin_fragments", "vin"),
    _fragments("vehicles_plate_key_fragments", "plate_key"),
)
vehicle_facts = Table(
    "vehicle_facts",
    tables,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("vehicle_id", ForeignKey("vehicles.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("since", Instant, nullable=False),
    # Null is today. The clock may be set back, so nothing forces it to lie after ``since``.
    Column("until", Instant),
    CheckConstraint("kind IN ('owner', 'plate', 'vin', 'mileage')", name="vehicle_facts_kind"),
    Index("vehicle_facts_history", "vehicle_id", "kind", "since"),
    Index(
        "vehicle_facts_today",
        "vehicle_id",
        "kind",
        unique=True,
        postgresql_where=text("until IS NULL"),
    ),
)
readings = Table(
    "readings",
    tables,
    Column("order_id", Uuid, primary_key=True),
    Column("revision", Integer, nullable=False),
    # Not of a car that must exist: news may outlive a restore of this database.
    Column("vehicle_id", Uuid),
    Column("mileage_km", Integer),
    Column("at", Instant),
    Index("readings_vehicle", "vehicle_id"),
)
"""What each order says of its car's mileage."""
name_words = Table(
    "name_words",
    tables,
    Column("word", Text, primary_key=True),
    _fragments("name_words_word_fragments", "word"),
)
"""Every word that was ever in a name: what a misspelt one is compared with. There are far fewer
words than clients, and a word that is in no name any more only finds nobody."""
