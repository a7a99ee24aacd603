"""Places among hundreds of thousands: sums of sales of all sections together, each stretch of them
in the order of its revenue, and all that is kept of one key together."""

from alembic import op

revision = "0015"
down_revision = "0014"

EVERYWHERE = "ffffffff-ffff-ffff-ffff-ffffffffffff"
MEASURES = "orders, jobs, quantity, works, goods, materials, vat, cost, pay"
KEYS = "grain, by, key, day, name"


def upgrade() -> None:
    op.drop_constraint("sales_sums_pkey", "sales_sums")
    sums = ", ".join(f"sum({name})" for name in MEASURES.split(", "))
    op.execute(
        f"INSERT INTO sales_sums ({KEYS}, station_id, section_id, {MEASURES})"
        f" SELECT {KEYS}, '{EVERYWHERE}', '{EVERYWHERE}', {sums} FROM sales_sums GROUP BY {KEYS}"
    )
    op.create_primary_key(
        "sales_sums_pkey",
        "sales_sums",
        ["grain", "by", "key", "day", "name", "station_id", "section_id"],
    )
    op.create_index(
        "sales_sums_ranked",
        "sales_sums",
        ["grain", "by", "day", "section_id", "revenue", "key", "name"],
        postgresql_include=["quantity", "vat", "cost"],
    )
