"""Expense categories, what is known of expenses, and those that come again and again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

from shared.database import make_append_only

revision = "0008"
down_revision = "0007"

MONEY = sa.Numeric(20, 2)
INSTANT = TIMESTAMP(timezone=True)


def upgrade() -> None:
    _create_categories()
    _create_recurring()
    _create_expenses()
    _take_over_what_was_spent()
    make_append_only(op.get_bind(), "expenses")


def _create_categories() -> None:
    op.create_table(
        "expense_categories",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )
    op.create_index(
        "expense_categories_name", "expense_categories", [sa.text("lower(name)")], unique=True
    )


def _create_recurring() -> None:
    op.create_table(
        "recurring_expenses",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("every", sa.Text, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date),
        sa.Column("next_on", sa.Date),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("supplier_id", sa.Uuid),
        sa.Column("comment", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint("amount > 0", name="recurring_expenses_amount"),
    )
    op.create_index(
        "recurring_expenses_due",
        "recurring_expenses",
        ["next_on"],
        postgresql_where=sa.text("next_on IS NOT NULL AND NOT paused"),
    )


def _create_expenses() -> None:
    op.create_table(
        "expenses",
        sa.Column("id", sa.Uuid, sa.ForeignKey("entries.id"), primary_key=True),
        sa.Column("category_id", sa.Uuid, sa.ForeignKey("expense_categories.id"), nullable=False),
        sa.Column("supplier_id", sa.Uuid),
        sa.Column("recurring_id", sa.Uuid, sa.ForeignKey("recurring_expenses.id")),
        sa.Column("due_on", sa.Date),
        sa.UniqueConstraint("recurring_id", "due_on", name="expenses_once"),
    )
    op.create_index("expenses_category", "expenses", ["category_id"])
    op.create_index(
        "expenses_supplier",
        "expenses",
        ["supplier_id"],
        postgresql_where=sa.text("supplier_id IS NOT NULL"),
    )


def _take_over_what_was_spent() -> None:
    """Every category that was ever written becomes one of the list."""
    op.execute(
        """
        INSERT INTO expense_categories (id, name, kind, active, revision, created_at, updated_at)
        SELECT gen_random_uuid(), min(postings.category), 'operating', true, 1, now(), now()
        FROM postings JOIN entries ON entries.id = postings.entry_id
        WHERE entries.kind = 'expense' AND postings.debit = 'expense'
        GROUP BY lower(postings.category)
        """
    )
    op.execute(
        """
        INSERT INTO expenses (id, category_id)
        SELECT entries.id, expense_categories.id
        FROM entries
        JOIN postings ON postings.entry_id = entries.id AND postings.debit = 'expense'
        JOIN expense_categories ON lower(expense_categories.name) = lower(postings.category)
        WHERE entries.kind = 'expense'
        """
    )
