"""Reports of a year from few rows: sums by year too, ledger sums of all sections together, and sums
of sales in the order in which reports rank them; also by the type of order.

What there is already is added up from the sums themselves, so that a large station need not fold
its past again.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

MONEY = sa.Numeric(20, 2)
MEASURES = "orders, jobs, quantity, works, goods, materials, vat, cost, pay"
EVERYWHERE = "ffffffff-ffff-ffff-ffff-ffffffffffff"
NOBODY = "00000000-0000-0000-0000-000000000000"


def upgrade() -> None:
    for table in ("settlements", "sales"):
        op.add_column(table, sa.Column("order_type", sa.Text))
    op.add_column("sales", sa.Column("corrects", sa.Uuid))
    op.create_index(
        "sales_corrects", "sales", ["corrects"], postgresql_where=sa.text("corrects IS NOT NULL")
    )
    _rank_the_sales()
    _widen_the_ledger()


def _rank_the_sales() -> None:
    op.rename_table("sales_sums", "earlier_sums")
    op.execute("ALTER INDEX sales_sums_pkey RENAME TO earlier_sums_pkey")
    op.create_table(
        "sales_sums",
        sa.Column("grain", sa.Text),
        sa.Column("by", sa.Text),
        sa.Column("day", sa.Date),
        sa.Column("key", sa.Uuid),
        sa.Column("name", sa.Text),
        sa.Column("station_id", sa.Uuid),
        sa.Column("section_id", sa.Uuid),
        sa.Column("orders", sa.Integer, nullable=False),
        sa.Column("jobs", sa.Integer, nullable=False),
        *_amounts(),
        sa.Column("revenue", MONEY, sa.Computed("works + goods + materials + vat", persisted=True)),
        sa.PrimaryKeyConstraint(
            *("grain", "by", "day", "key", "name", "station_id", "section_id"),
            postgresql_include=("quantity", "revenue", "vat", "cost"),
        ),
    )
    keys = "grain, by, day, key, name, station_id, section_id"
    op.execute(
        f"INSERT INTO sales_sums ({keys}, {MEASURES}) SELECT {keys}, {MEASURES} FROM earlier_sums"
    )
    # Of what was sold before, nobody knows the type.
    _add_up("'order_type'", "grain", "day", f"'{NOBODY}'::uuid, ''", "WHERE by = 'technician'")
    for by in ("service", "technician", "client", "product", "order_type"):
        year = "date_trunc('year', day)::date"
        of_months = f"WHERE by = '{by}' AND grain = 'month'"
        _add_up(f"'{by}'", "'year'", year, "key, name", of_months)
    op.drop_table("earlier_sums")


def _amounts() -> list[sa.Column[Any]]:
    return [
        sa.Column("quantity", sa.Numeric(18, 3), nullable=False),
        *(
            sa.Column(name, MONEY, nullable=False)
            for name in ("works", "goods", "materials", "vat", "cost", "pay")
        ),
    ]


def _add_up(by: str, grain: str, day: str, key: str, where: str) -> None:
    sums = ", ".join(f"sum({name})" for name in MEASURES.split(", "))
    op.execute(
        f"INSERT INTO sales_sums (grain, by, day, key, name, station_id, section_id, {MEASURES})"
        f" SELECT {grain}, {by}, {day}, {key}, station_id, section_id, {sums}"
        f" FROM sales_sums {where} GROUP BY 1, 2, 3, 4, 5, 6, 7"
    )


def _widen_the_ledger() -> None:
    for grain, day, section, where in (
        ("grain", "day", f"'{EVERYWHERE}'::uuid", "true"),
        ("'year'", "date_trunc('year', day)::date", "section_id", "grain = 'month'"),
    ):
        op.execute(
            "INSERT INTO ledger_sums (grain, day, station_id, section_id, kind, debit, credit,"
            " category, amount, records)"
            f" SELECT {grain}, {day}, station_id, {section}, kind, debit, credit, category,"
            f" sum(amount), sum(records) FROM ledger_sums WHERE {where}"
            " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
        )
