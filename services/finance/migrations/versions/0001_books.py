"""The ledger, and what stands beside it: orders, accounts, settlements, payments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

from shared.database import create_delivery_tables, make_append_only

revision = "0001"
down_revision = None

MONEY = sa.Numeric(20, 2)
INSTANT = TIMESTAMP(timezone=True)


def upgrade() -> None:
    create_delivery_tables(op.get_bind())
    _create_ledger()
    _create_copies()
    _create_settlements()
    _create_payments()
    make_append_only(op.get_bind(), "entries", "postings")


def _create_ledger() -> None:
    op.create_table(
        "entries",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("station_id", sa.Uuid, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("order_id", sa.Uuid),
        sa.Column("client_id", sa.Uuid),
        sa.Column("document_id", sa.Uuid),
        sa.Column("reverses", sa.Uuid, sa.ForeignKey("entries.id"), unique=True),
        sa.Column("comment", sa.Text),
    )
    op.create_index("entries_at", "entries", ["at", "id"])
    for column in ("order", "client"):
        op.create_index(
            f"entries_{column}",
            "entries",
            [f"{column}_id"],
            postgresql_where=sa.text(f"{column}_id IS NOT NULL"),
        )
    op.create_table(
        "postings",
        sa.Column("entry_id", sa.Uuid, sa.ForeignKey("entries.id"), primary_key=True),
        sa.Column("line", sa.SmallInteger, primary_key=True),
        sa.Column("debit", sa.Text, nullable=False),
        sa.Column("credit", sa.Text, nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("client_id", sa.Uuid),
        sa.Column("order_id", sa.Uuid),
        sa.Column("payment_id", sa.Uuid),
        sa.Column("category", sa.Text),
        sa.CheckConstraint("amount > 0 AND debit <> credit", name="postings_balance"),
    )
    op.create_index(
        "postings_expenses_of_order",
        "postings",
        ["order_id"],
        postgresql_where=sa.text("debit = 'expense' AND order_id IS NOT NULL"),
    )


def _create_copies() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("client_id", sa.Uuid, nullable=False),
    )
    op.create_table(
        "accounts",
        sa.Column("client_id", sa.Uuid, primary_key=True),
        sa.Column("receivable", MONEY, nullable=False),
        sa.Column("deposits", MONEY, nullable=False),
        sa.CheckConstraint("receivable >= 0 AND deposits >= 0", name="accounts_sides"),
    )


def _create_settlements() -> None:
    op.create_table(
        "settlements",
        sa.Column("order_id", sa.Uuid, primary_key=True),
        sa.Column("completion", sa.Integer, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("number", sa.Text),
        sa.Column("station_id", sa.Uuid),
        sa.Column("section_id", sa.Uuid),
        sa.Column("client_id", sa.Uuid),
        sa.Column("completed_at", INSTANT),
        sa.Column("revenue", MONEY),
        sa.Column("products", MONEY),
        sa.Column("materials", MONEY),
        sa.Column("pay", MONEY),
        sa.Column("cost", MONEY),
        sa.Column("paid", MONEY, nullable=False),
        sa.Column("entry_id", sa.Uuid, sa.ForeignKey("entries.id")),
        sa.CheckConstraint("paid >= 0 AND paid <= coalesce(revenue, 0)", name="settlements_paid"),
    )
    op.create_index(
        "settlements_standing",
        "settlements",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("state = 'settled'"),
    )
    op.create_index(
        "settlements_due",
        "settlements",
        ["client_id"],
        postgresql_where=sa.text("state = 'settled' AND paid < revenue"),
    )
    op.create_index(
        "settlements_at",
        "settlements",
        ["completed_at"],
        postgresql_where=sa.text("state = 'settled'"),
    )


def _create_payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("order_id", sa.Uuid),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("payer_id", sa.Uuid, nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("comment", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("refunded", MONEY, nullable=False),
        sa.Column("held", MONEY, nullable=False),
        sa.Column("reserved_for", sa.Uuid),
        sa.CheckConstraint(
            "amount > 0 AND refunded >= 0 AND held >= 0 AND refunded + held <= amount",
            name="payments_parts",
        ),
    )
    op.create_index("payments_at", "payments", ["at", "id"])
    op.create_index(
        "payments_order",
        "payments",
        ["order_id"],
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_index("payments_customer", "payments", ["customer_id", "at"])
    op.create_index(
        "payments_open",
        "payments",
        ["customer_id"],
        postgresql_where=sa.text("held > 0 OR reserved_for IS NOT NULL"),
    )
    op.create_table(
        "applications",
        sa.Column("payment_id", sa.Uuid, sa.ForeignKey("payments.id"), primary_key=True),
        sa.Column("order_id", sa.Uuid, primary_key=True),
        sa.Column("amount", MONEY, nullable=False),
        sa.CheckConstraint("amount > 0", name="applications_amount"),
    )
    op.create_index("applications_order", "applications", ["order_id"])
