"""Finance's tables. ``entries`` and ``postings`` are only ever inserted into; the migration takes
the right to do anything else away."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

MONEY = Numeric(20, 2)
INSTANT = TIMESTAMP(timezone=True)

tables = MetaData()

entries = Table(
    "entries",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("station_id", Uuid, nullable=False),
    Column("actor", Text, nullable=False),
    Column("order_id", Uuid),
    Column("client_id", Uuid),
    Column("document_id", Uuid),
    Column("reverses", Uuid, ForeignKey("entries.id")),
    Column("comment", Text),
    Column("shift_id", Uuid, ForeignKey("shifts.id")),
    Column("section_id", Uuid),
    Index("entries_at", "at", "id"),
    Index(
        "entries_reverses",
        "reverses",
        unique=True,
        postgresql_where=text("reverses IS NOT NULL"),
    ),
    Index("entries_order", "order_id", postgresql_where=text("order_id IS NOT NULL")),
    Index("entries_client", "client_id", postgresql_where=text("client_id IS NOT NULL")),
    Index(
        "entries_stock_take_over",
        "kind",
        unique=True,
        postgresql_where=text("kind = 'stock_take_over'"),
    ),
    Index(
        "entries_of_receipts",
        "document_id",
        postgresql_where=text("kind IN ('receipt', 'supplier_return')"),
    ),
    Index("entries_shift", "shift_id", postgresql_where=text("shift_id IS NOT NULL")),
)
postings = Table(
    "postings",
    tables,
    Column("entry_id", Uuid, ForeignKey("entries.id"), primary_key=True),
    Column("line", SmallInteger, primary_key=True),
    Column("debit", Text, nullable=False),
    Column("credit", Text, nullable=False),
    Column("amount", MONEY, nullable=False),
    Column("client_id", Uuid),
    Column("order_id", Uuid),
    Column("payment_id", Uuid),
    Column("category", Text),
    Column("rule_id", Uuid),
    Column("employee_id", Uuid),
    Column("supplier_id", Uuid),
    CheckConstraint("amount > 0 AND debit <> credit", name="postings_balance"),
    Index(
        "postings_expenses_of_order",
        "order_id",
        postgresql_where=text("(debit = 'expense' OR credit = 'expense') AND order_id IS NOT NULL"),
    ),
    Index(
        "postings_bonuses",
        "client_id",
        postgresql_where=text("debit = 'bonuses' OR credit = 'bonuses'"),
    ),
    Index("postings_employee", "employee_id", postgresql_where=text("employee_id IS NOT NULL")),
    Index("postings_cash", "entry_id", postgresql_where=text("debit = 'cash' OR credit = 'cash'")),
    Index(
        "postings_payables",
        "supplier_id",
        postgresql_where=text("debit = 'payables' OR credit = 'payables'"),
    ),
)

orders = Table(
    "orders",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("client_id", Uuid, nullable=False),
    Column("cancelled", Boolean, nullable=False, server_default="false"),
)
"""Whose order is which: copied from orders' events."""

accounts = Table(
    "accounts",
    tables,
    Column("client_id", Uuid, primary_key=True),
    Column("receivable", MONEY, nullable=False),
    Column("deposits", MONEY, nullable=False),
    Column("bonuses", MONEY, nullable=False, server_default="0"),
    Column("merged_into", Uuid),
    Index("accounts_merged", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
    CheckConstraint("receivable >= 0 AND deposits >= 0", name="accounts_sides"),
)
"""One row per client that is known. Whoever moves a client's money locks it first."""

settlements = Table(
    "settlements",
    tables,
    Column("order_id", Uuid, primary_key=True),
    Column("completion", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    # Of the completed order; null until that is heard.
    Column("number", Text),
    Column("station_id", Uuid),
    Column("section_id", Uuid),
    Column("client_id", Uuid),
    Column("completed_at", INSTANT),
    Column("revenue", MONEY),
    Column("products", MONEY),
    Column("materials", MONEY),
    Column("pay", MONEY),
    Column("vat_percent", Numeric(5, 2)),
    Column("vat_services", MONEY),
    Column("vat_products", MONEY),
    Column("vat_materials", MONEY),
    # Of the issued parts; null until that is heard.
    Column("cost", MONEY),
    Column("paid", MONEY, nullable=False),
    Column("entry_id", Uuid, ForeignKey("entries.id")),
    Column("bonuses", MONEY, nullable=False, server_default="0"),
    Column("corrected", MONEY, nullable=False, server_default="0"),
    # Packed JSON that ``rows.py`` alone reads: the widest of a row that is written twice.
    Column("labor", LargeBinary),
    Column("pay_entry_id", Uuid, ForeignKey("entries.id")),
    # What orders and inventory tell line by line; null again once it is in the sales.
    Column("sold_lines", LargeBinary),
    Column("issued_lines", LargeBinary),
    Column("order_type", Text),
    Column("word", Integer, nullable=False, server_default="0"),
    CheckConstraint("paid >= 0 AND paid <= coalesce(revenue, 0)", name="settlements_paid"),
    CheckConstraint("bonuses >= 0 AND bonuses <= paid", name="settlements_bonuses"),
    Index(
        "settlements_standing",
        "order_id",
        unique=True,
        postgresql_where=text("state = 'settled'"),
    ),
    Index(
        "settlements_due",
        "client_id",
        postgresql_where=text("state = 'settled' AND paid < revenue"),
    ),
    Index("settlements_client", "client_id"),
    Index("settlements_at", "completed_at", postgresql_where=text("state = 'settled'")),
    Index(
        "settlements_of_section",
        "section_id",
        "completed_at",
        postgresql_where=text("state = 'settled'"),
    ),
    Index(
        "settlements_of_client",
        "client_id",
        "completed_at",
        postgresql_where=text("state = 'settled'"),
    ),
)

payments = Table(
    "payments",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("order_id", Uuid),
    Column("customer_id", Uuid, nullable=False),
    Column("payer_id", Uuid, nullable=False),
    Column("amount", MONEY, nullable=False),
    Column("method", Text, nullable=False),
    Column("comment", Text),
    Column("actor", Text, nullable=False),
    Column("refunded", MONEY, nullable=False),
    Column("held", MONEY, nullable=False),
    Column("reserved_for", Uuid),
    Column("shift_id", Uuid, ForeignKey("shifts.id")),
    Column("cash_box_id", Uuid, ForeignKey("cash_boxes.id")),
    Column("document_id", Uuid, ForeignKey("payment_documents.id")),
    Column("tendered", MONEY),
    Column("vat_percent", Numeric(5, 2)),
    CheckConstraint(
        "amount > 0 AND refunded >= 0 AND held >= 0 AND refunded + held <= amount",
        name="payments_parts",
    ),
    Index("payments_at", "at", "id"),
    Index("payments_order", "order_id", postgresql_where=text("order_id IS NOT NULL")),
    Index("payments_customer", "customer_id", "at"),
    Index("payments_payer", "payer_id", "at"),
    Index("payments_document", "document_id", postgresql_where=text("document_id IS NOT NULL")),
    Index("payments_shift", "shift_id", postgresql_where=text("shift_id IS NOT NULL")),
    Index(
        "payments_open",
        "customer_id",
        postgresql_where=text("held > 0 OR reserved_for IS NOT NULL"),
    ),
)
applications = Table(
    "applications",
    tables,
    Column("payment_id", Uuid, ForeignKey("payments.id"), primary_key=True),
    Column("order_id", Uuid, primary_key=True),
    Column("amount", MONEY, nullable=False),
    CheckConstraint("amount > 0", name="applications_amount"),
    Index("applications_order", "order_id"),
)
"""How much of which payment covers which settled order."""

bonus_rules = Table(
    "bonus_rules",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("condition", Text, nullable=False),
    Column("amount", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("exclusive", Boolean, nullable=False),
    Column("service_groups", ARRAY(Text), nullable=False),
    Column("product_groups", ARRAY(Text), nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("cap_per_order", MONEY),
    Column("cap_per_month", MONEY),
    Column("days_to_live", Integer),
    Column("active", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Index("bonus_rules_name", text("lower(name)"), unique=True),
)
bonus_settings = Table(
    "bonus_settings",
    tables,
    Column("id", SmallInteger, primary_key=True),
    Column("max_share_percent", Numeric(5, 2), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    CheckConstraint("id = 1", name="bonus_settings_one_row"),
)

bonus_accruals = Table(
    "bonus_accruals",
    tables,
    Column("order_id", Uuid, primary_key=True),
    Column("completion", Integer, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("money", MONEY, nullable=False),
    Column("amount", MONEY, nullable=False),
)
"""Completions whose bonuses have been reckoned; only ever inserted into, like the ledger."""

bonus_lots = Table(
    "bonus_lots",
    tables,
    Column("id", Uuid, primary_key=True),
    Column("client_id", Uuid, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("expires_at", INSTANT),
    Column("amount", MONEY, nullable=False),
    Column("left", MONEY, nullable=False),
    Column("taken_back", MONEY, nullable=False),
    Column("order_id", Uuid),
    Column("completion", Integer),
    Column("rule_id", Uuid),
    CheckConstraint(
        '"left" >= 0 AND taken_back >= 0 AND taken_back <= amount', name="bonus_lots_parts"
    ),
    Index("bonus_lots_client", "client_id"),
    Index("bonus_lots_open", "client_id", postgresql_where=text('"left" > 0')),
    Index("bonus_lots_expiring", "expires_at", postgresql_where=text('"left" > 0')),
    Index("bonus_lots_order", "order_id", postgresql_where=text("order_id IS NOT NULL")),
    Index(
        "bonus_lots_given",
        "client_id",
        "at",
        postgresql_where=text("completion IS NOT NULL"),
    ),
)
bonus_spends = Table(
    "bonus_spends",
    tables,
    Column("payment_id", Uuid, ForeignKey("payments.id"), primary_key=True),
    Column("lot_id", Uuid, ForeignKey("bonus_lots.id"), primary_key=True),
    Column("amount", MONEY, nullable=False),
    CheckConstraint("amount > 0", name="bonus_spends_amount"),
)
"""How much of which lot a payment holds."""
