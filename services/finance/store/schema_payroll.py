"""Tables of pay: rules, why postings of pay were made, days of salaries, what is closed."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
)

from services.finance.store.schema import INSTANT, MONEY, tables

pay_rules = Table(
    "pay_rules",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("value", MONEY, nullable=False),
    Column("employee_id", Uuid),
    Column("role", Text),
    Column("section_id", Uuid),
    Column("service_group", Text),
    Column("accrued", Text, nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("active", Boolean, nullable=False),
    Column("comment", Text),
    Column("revision", Integer, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
)

pay_lines = Table(
    "pay_lines",
    tables,
    Column("entry_id", Uuid, primary_key=True),
    Column("line", SmallInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("number", Text),
    Column("line_id", Uuid),
    Column("name", Text),
    Column("base", Numeric),
    Column("value", MONEY),
    Column("share", Numeric(5, 2)),
    Column("rule_id", Uuid),
    ForeignKeyConstraint(["entry_id", "line"], ["postings.entry_id", "postings.line"]),
)
"""Why a posting of pay was made; an entry that undoes another has none of its own. Only ever
inserted into, like the ledger."""

pay_days = Table(
    "pay_days",
    tables,
    Column("employee_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("amount", MONEY, nullable=False),
    Column("rule_id", Uuid),
    Column("accrued", Text, nullable=False),
    Index("pay_days_day", "day"),
)
"""What a business day was worth of somebody's salary or minimum; only ever inserted into."""

payroll_state = Table(
    "payroll_state",
    tables,
    Column("id", SmallInteger, primary_key=True),
    Column("closed_until", Date),
    Column("accrued_through", Date),
    Column("revision", Integer, nullable=False),
    CheckConstraint("id = 1", name="payroll_state_one_row"),
)
"""One row: whoever accrues shares its lock; whoever pays out, closes or changes rules has it
alone."""
