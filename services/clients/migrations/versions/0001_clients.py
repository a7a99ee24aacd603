"""Clients, cars and their dated facts, and the keys that they are found by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.database import create_delivery_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "clients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text()),
        sa.Column("first_name", sa.Text()),
        sa.Column("middle_name", sa.Text()),
        sa.Column("company_name", sa.Text()),
        sa.Column("phones", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("discount_percent", sa.Numeric(precision=5, scale=2)),
        sa.Column("comment", sa.Text()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("phone_key", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('person', 'company')", name="clients_kind"),
        sa.CheckConstraint("discount_percent BETWEEN 0 AND 100", name="clients_discount_percent"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "vehicles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("vin", sa.Text()),
        sa.Column("plate", sa.Text()),
        sa.Column("plate_key", sa.Text()),
        sa.Column("vendor", sa.Text()),
        sa.Column("model", sa.Text()),
        sa.Column("year", sa.Integer()),
        sa.Column("engine", sa.Text()),
        sa.Column("mileage_km", sa.Integer()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("vehicles_client", "vehicles", ["client_id", "id"])
    op.create_index("vehicles_vin", "vehicles", ["vin"], unique=True)
    op.create_table(
        "vehicle_facts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("until", sa.TIMESTAMP(timezone=True)),
        sa.CheckConstraint("kind IN ('owner', 'plate', 'vin')", name="vehicle_facts_kind"),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicles.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("vehicle_facts_history", "vehicle_facts", ["vehicle_id", "kind", "since"])
    op.create_index(
        "vehicle_facts_today",
        "vehicle_facts",
        ["vehicle_id", "kind"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "name_words",
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("word"),
    )
    for table, column in (
        ("clients", "name_key"),
        ("clients", "phone_key"),
        ("vehicles", "vin"),
        ("vehicles", "plate_key"),
        ("name_words", "word"),
    ):
        op.create_index(
            f"{table}_{column}_fragments",
            table,
            [column],
            postgresql_using="gin",
            postgresql_ops={column: "gin_trgm_ops"},
            postgresql_with={"fastupdate": "off"},
        )
    create_delivery_tables(op.get_bind())
