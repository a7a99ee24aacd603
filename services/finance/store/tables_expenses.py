"""The tables of expenses: categories, what is known of an expense besides its entry, and those
that come again and again."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from services.finance.store.schema import INSTANT, MONEY, tables

expense_categories = Table(
    "expense_categories",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Index("expense_categories_name", text("lower(name)"), unique=True),
)
recurring_expenses = Table(
    "recurring_expenses",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("amount", MONEY, nullable=False),
    Column("category", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("every", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("next_on", Date),
    Column("paused", Boolean, nullable=False),
    Column("supplier_id", Uuid),
    Column("comment", Text),
    Column("revision", Integer, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    CheckConstraint("amount > 0", name="recurring_expenses_amount"),
    Index(
        "recurring_expenses_due",
        "next_on",
        postgresql_where=text("next_on IS NOT NULL AND NOT paused"),
    ),
)
expenses = Table(
    "expenses",
    tables,
    Column("id", Uuid, ForeignKey("entries.id"), primary_key=True),
    Column("category_id", Uuid, ForeignKey("expense_categories.id"), nullable=False),
    Column("supplier_id", Uuid),
    Column("recurring_id", Uuid, ForeignKey("recurring_expenses.id")),
    Column("due_on", Date),
    UniqueConstraint("recurring_id", "due_on", name="expenses_once"),
    Index("expenses_category", "category_id"),
    Index("expenses_supplier", "supplier_id", postgresql_where=text("supplier_id IS NOT NULL")),
)
"""Only ever inserted into, like the ledger. A day of a row is posted once, whatever happens."""
