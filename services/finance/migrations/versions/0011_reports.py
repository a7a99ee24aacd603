"""Reports: whose section an entry is, the sales, and sums by day and month.

What was posted before has its sales as wholes: which line earned what is not known any more.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from shared.database import make_append_only

revision = "0011"
down_revision = "0010"

MONEY = sa.Numeric(20, 2)
INSTANT = TIMESTAMP(timezone=True)


def upgrade() -> None:
    _widen_the_books()
    _create_sales()
    _create_sums()
    _count_what_was_posted()
    make_append_only(op.get_bind(), "sales")


def _widen_the_books() -> None:
    op.add_column("entries", sa.Column("section_id", sa.Uuid))
    for name in ("sold_lines", "issued_lines"):
        op.add_column("settlements", sa.Column(name, JSONB))
    for column in ("section_id", "client_id"):
        op.create_index(
            f"settlements_of_{column.removesuffix('_id')}",
            "settlements",
            [column, "completed_at"],
            postgresql_where=sa.text("state = 'settled'"),
        )


def _create_sales() -> None:
    op.create_table("unfolded", sa.Column("entry_id", sa.Uuid, primary_key=True))
    op.create_table(
        "sales",
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sa.Column("position", sa.SmallInteger, primary_key=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("station_id", sa.Uuid, nullable=False),
        sa.Column("section_id", sa.Uuid),
        sa.Column("order_id", sa.Uuid),
        sa.Column("client_id", sa.Uuid),
        sa.Column("employee_id", sa.Uuid),
        sa.Column("service_id", sa.Uuid),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("product_id", sa.Uuid),
        sa.Column("orders", sa.SmallInteger, nullable=False),
        sa.Column("jobs", sa.SmallInteger, nullable=False),
        *_amounts(),
    )
    op.create_index("sales_at", "sales", ["at", "entry_id"])
    for column in ("employee_id", "client_id"):
        op.create_index(
            f"sales_{column.removesuffix('_id')}",
            "sales",
            [column, "at"],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )


def _create_sums() -> None:
    op.create_table(
        "ledger_sums",
        sa.Column("grain", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("station_id", sa.Uuid, primary_key=True),
        sa.Column("section_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("debit", sa.Text, primary_key=True),
        sa.Column("credit", sa.Text, primary_key=True),
        sa.Column("category", sa.Text, primary_key=True),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("records", sa.Integer, nullable=False),
    )
    op.create_table(
        "sales_sums",
        sa.Column("grain", sa.Text, primary_key=True),
        sa.Column("by", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("station_id", sa.Uuid, primary_key=True),
        sa.Column("section_id", sa.Uuid, primary_key=True),
        sa.Column("key", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("orders", sa.Integer, nullable=False),
        sa.Column("jobs", sa.Integer, nullable=False),
        *_amounts(),
    )


def _amounts() -> list[sa.Column[Any]]:
    return [
        sa.Column("quantity", sa.Numeric(18, 3), nullable=False),
        *(
            sa.Column(name, MONEY, nullable=False)
            for name in ("works", "goods", "materials", "vat", "cost", "pay")
        ),
    ]


def _count_what_was_posted() -> None:
    """The sums themselves are folded by the running service, which knows the station's zone."""
    for side in ("id", "reverses"):
        op.execute(
            "UPDATE entries SET section_id = settlements.section_id FROM settlements"
            f" WHERE entries.{side} IN (settlements.entry_id, settlements.pay_entry_id)"
        )
    op.execute(
        "UPDATE entries SET section_id = settlements.section_id FROM settlements"
        " WHERE entries.kind = 'cost_correction' AND settlements.order_id = entries.order_id"
        " AND settlements.section_id IS NOT NULL"
    )
    op.execute(_SALES_OF_ENTRIES)
    op.execute(_SALES_OF_PAY)
    op.execute("INSERT INTO unfolded (entry_id) SELECT id FROM entries")


_IS_PAY = "kind IN ('pay_accrual', 'pay_reversal')"
_SALES_OF_ENTRIES = f"""
INSERT INTO sales (entry_id, position, at, station_id, section_id, order_id, client_id,
    name, orders, jobs, quantity, works, goods, materials, vat, cost, pay)
SELECT e.id, 0, e.at, e.station_id, e.section_id, e.order_id, e.client_id, '',
    CASE e.kind WHEN 'settlement' THEN 1 WHEN 'settlement_reversal' THEN -1 ELSE 0 END,
    0, 0, p.works, p.goods, p.materials, p.vat, p.cost, p.pay
FROM entries e CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE account.name IN ('revenue.services', 'revenue.products',
            'revenue.materials', 'vat.output', 'cost.goods', 'pay.labor')) AS some,
        coalesce(sum(-debited) FILTER (WHERE account.name = 'revenue.services'), 0) AS works,
        coalesce(sum(-debited) FILTER (WHERE account.name = 'revenue.products'), 0) AS goods,
        coalesce(sum(-debited) FILTER (WHERE account.name = 'revenue.materials'), 0)
            AS materials,
        coalesce(sum(-debited) FILTER (WHERE account.name = 'vat.output'), 0) AS vat,
        coalesce(sum(debited) FILTER (WHERE account.name = 'cost.goods'), 0) AS cost,
        coalesce(sum(debited) FILTER (WHERE account.name = 'pay.labor'), 0) AS pay
    FROM postings CROSS JOIN LATERAL (
        VALUES (postings.debit, postings.amount), (postings.credit, -postings.amount)
    ) AS account (name, debited)
    WHERE postings.entry_id = e.id AND postings.category IS DISTINCT FROM 'payroll'
) p
WHERE NOT e.{_IS_PAY} AND (p.some > 0 OR e.kind IN ('settlement', 'settlement_reversal'))
"""
_SALES_OF_PAY = f"""
INSERT INTO sales (entry_id, position, at, station_id, section_id, order_id, client_id,
    employee_id, name, orders, jobs, quantity, works, goods, materials, vat, cost, pay)
SELECT e.id, p.line, e.at, e.station_id, e.section_id, e.order_id, e.client_id,
    p.employee_id, '', 0, 0, 0, 0, 0, 0, 0, 0,
    CASE p.debit WHEN 'pay.labor' THEN p.amount ELSE -p.amount END
FROM entries e JOIN postings p ON p.entry_id = e.id
WHERE e.{_IS_PAY} AND p.category = 'pay' AND 'pay.labor' IN (p.debit, p.credit)
"""
