"""Sums by quarter too, which is what taxes are paid by: added up from those by month."""

from alembic import op

revision = "0020"
down_revision = "0019"

PLACE = "station_id, section_id"
SUMS = {
    "ledger_sums": (f"{PLACE}, kind, debit, credit, category", "amount, records"),
    "sales_sums": (
        f"by, key, name, {PLACE}",
        "orders, jobs, quantity, works, goods, materials, vat, cost, pay",
    ),
}


def upgrade() -> None:
    for table, (keys, measures) in SUMS.items():
        sums = ", ".join(f"sum({name})" for name in measures.split(", "))
        op.execute(
            f"INSERT INTO {table} (grain, day, {keys}, {measures})"
            f" SELECT 'quarter', date_trunc('quarter', day)::date AS first, {keys}, {sums}"
            f" FROM {table} WHERE grain = 'month' GROUP BY first, {keys}"
        )
