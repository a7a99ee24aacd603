"""Work orders, their lines and comments."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint

from services.orders.store.tables.columns import Hours, Instant, Money, Percent, Quantity, tables

_ON_BOARD = (
    "(status IN ('draft', 'new', 'in_progress') OR status = 'done' AND "
    "CASE WHEN settled"
    " THEN total <> 0 AND paid_completion <> completion"
    " ELSE paid < total END)"
)

ERA_LENGTH = "'1176:00:00'::interval"
"""Seven weeks, in hours: a day may have 23 of them."""
ERA = f"date_bin({ERA_LENGTH}, created_at, '2000-01-01 00:00:00+00'::timestamptz)"
"""When those seven weeks began in which the order was made, in SQL."""
SEARCHED = "lower(number || ' ' || client_name || ' ' || coalesce(vehicle_name, ''))"
"""What it is found by, in SQL."""

order_numbers = Sequence("order_numbers", metadata=tables)

orders = Table(
    "orders",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("station_id", Uuid, nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("client_name", Text, nullable=False),
    Column("client_discount", Percent, nullable=False),
    Column("client_services_discount", Percent),
    Column("client_products_discount", Percent),
    Column("status", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("vehicle_id", Uuid),
    Column("vehicle_name", Text),
    Column("section_id", ForeignKey("sections.id"), nullable=False),
    Column("employee_id", ForeignKey("employees.id"), nullable=False),
    Column("post_id", ForeignKey("posts.id")),
    Column("payer_id", Uuid, nullable=False),
    Column("driver", Text),
    Column("customer_reason", Text),
    Column("recommendation", Text),
    Column("comment", Text),
    Column("mileage_km", Integer),
    Column("visible_to_customer", Boolean, nullable=False),
    Column("vehicle_in_at", Instant),
    Column("vehicle_out_at", Instant),
    Column("assignment_at", Instant, nullable=False),
    Column("mechanic_id", ForeignKey("employees.id")),
    Column("responsible_id", ForeignKey("employees.id")),
    Column("product_responsible_id", ForeignKey("employees.id")),
    Column("examiner_id", ForeignKey("employees.id")),
    Column("driver_id", Uuid),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("completed_at", Instant),
    Column("completion", Integer, nullable=False),
    Column("returned_completion", Integer, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("paid", Money, nullable=False),
    # What technicians earn of it, as the books have it; null until it is settled.
    Column("pay", Money),
    # As the books have it, too; an order that is not settled takes its day's rate.
    Column("vat_percent", Percent),
    Column("vat", Money),
    Column("paid_completion", Integer, nullable=False, server_default="0"),
    Column("paid_told_at", Instant),
    Column("paid_word", Integer),
    Column("owed", Money),
    # What lists and reports show without loading the lines.
    Column("total", Money, nullable=False),
    Column("waits_for_parts", Boolean, nullable=False),
    Column("waits_for_approval", Boolean, nullable=False),
    # Not done, or done and not paid, as ``waits_for_payment`` has it: few of all the orders there
    # are, found by an index of their own. A column, so that a new total, which most changes make,
    # touches no index.
    Column("on_board", Boolean, Computed(_ON_BOARD, persisted=True), nullable=False),
    Index("orders_newest", "created_at", "id"),
    Index("orders_on_board", "created_at", "id", postgresql_where=text("on_board")),
    Index("orders_status", "status", "created_at", "id"),
    Index("orders_accounting", "assignment_at"),
    Index(
        "orders_completed",
        "completed_at",
        "id",
        postgresql_where=text("completed_at IS NOT NULL"),
    ),
    Index("orders_section", "section_id", "created_at", "id"),
    Index("orders_employee", "employee_id", "created_at", "id"),
    Index("orders_client", "client_id", "created_at", "id"),
    # Of a client who is merged with another; most orders are paid by their own client.
    Index("orders_payer", "payer_id", postgresql_where=text("payer_id <> client_id")),
    Index("orders_driver", "driver_id", postgresql_where=text("driver_id IS NOT NULL")),
    Index("orders_vehicle", "vehicle_id", "created_at", "id"),
    # Words in all eras or in one, see finding.py. Every search reads through the rows that wait to
    # go into the index, and so they may be about a hundred.
    Index(
        "orders_search",
        text(ERA),
        text(f"{SEARCHED} gin_trgm_ops"),
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": "128"},
    ),
)


def _price_columns() -> list[Column[object]]:
    return [
        Column("suggested", Money, nullable=False),
        Column("initial", Money, nullable=False),
        Column("discount_percent", Percent, nullable=False),
        Column("fixed_discount", Money, nullable=False),
        Column("quoted", Boolean, nullable=False),
        Column("total", Money, nullable=False),
    ]


service_lines = Table(
    "service_lines",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False, index=True),
    Column("position", BigInteger, nullable=False),
    Column("service_id", Uuid),
    Column("name", Text, nullable=False),
    Column("comment", Text),
    Column("quantity", Quantity, nullable=False),
    *_price_columns(),
    Column("labor_hours", Hours),
    Column("labor_rate", Money),
    Column("estimation_minutes", Integer, nullable=False),
    Column("suggested_minutes", Integer, nullable=False),
    # Not a reference: the line outlives it.
    Column("variant_id", Uuid),
    Column("catalogue_comment", Text),
    Column("warranty_days", Integer),
    Column("warranty_km", Integer),
    Column("mechanic_id", ForeignKey("employees.id")),
    Column("progress", Text, nullable=False),
    Column("clocked_minutes", Integer, nullable=False),
    Column("started_at", Instant),
    Column("approval_state", Text, nullable=False),
    Column("approval_by", Text),
    Column("approval_how", Text),
    Column("approval_at", Instant),
    Column("approval_asked_at", Instant),
    Column("approval_closed", Text),
    Column("group", Text),
    # Of several who did it: ``[{"employee_id": …, "share": …}]``, the mechanic first.
    Column("performers", JSONB, nullable=False, server_default="[]"),
    Column("clock_of", ForeignKey("employees.id")),
    Column("finished_at", Instant),
    Column("finished_by", Text),
    CheckConstraint("clock_of IS NULL OR started_at IS NOT NULL", name="service_lines_clock"),
    # At the end of the transaction: one clock stops in the same step in which another starts.
    ExcludeConstraint(
        ("clock_of", "="),
        name="service_lines_one_clock",
        using="btree",
        where=text("clock_of IS NOT NULL"),
        deferrable=True,
        initially="DEFERRED",
    ),
    # Declined and not taken up since: few, and looked for whenever a car comes again.
    Index(
        "service_lines_declined",
        "order_id",
        postgresql_where=text("approval_state = 'declined' AND approval_closed IS NULL"),
    ),
)
part_lines = Table(
    "part_lines",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False, index=True),
    Column("position", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("service_line_id", Uuid),
    Column("product_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("oem", Text),
    Column("measure", Text, nullable=False),
    Column("quantity", Quantity, nullable=False),
    *_price_columns(),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("answer", Integer, nullable=False),
    Column("reserved", Quantity, nullable=False),
    Column("short", Quantity, nullable=False),
    Column("entered_quantity", Quantity, nullable=False),
    Column("entered_measure", Text, nullable=False),
    Column("entered_short_name", Text, nullable=False),
    Column("product_comment", Text),
    Column("vendor", Text),
    Column("group", Text),
    Column("warranty_days", Integer),
    Column("warranty_km", Integer),
    Column("warehouse_price", Money),
    Column("cost", Money),
    Column("came_back", Quantity, nullable=False),
)
price_steps = Table(
    "price_steps",
    tables,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    # Not a reference: what is told of a line outlives it.
    Column("line_id", Uuid, nullable=False),
    Column("step", Text, nullable=False),
    Column("old", Numeric(15, 5)),
    Column("new", Numeric(15, 5), nullable=False),
    Column("by", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("line_id", "id"),
)
"""Append-only: every change of what a line's price is made of."""
comments = Table(
    "comments",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("comments_of_order", "order_id", "id"),
)
