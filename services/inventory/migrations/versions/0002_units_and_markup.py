"""Units of measure with conversion, receipts as they were entered, prices by a markup matrix."""

import uuid

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.database import make_append_only

revision = "0002"
down_revision = "0001"

UNITS = (
    ("штука", "шт"),
    ("литр", "л"),
    ("миллилитр", "мл"),
    ("килограмм", "кг"),
    ("грамм", "г"),
    ("метр", "м"),
    ("комплект", "компл"),
    ("упаковка", "упак"),
    ("бочка", "боч"),
    ("канистра", "кан"),
    ("пара", "пар"),
)
MATRIX = uuid.UUID("00000000-0000-4000-8000-6d61726b7570")


def upgrade() -> None:
    _name_units()
    _extend_products()
    _keep_receipts_as_entered()
    op.create_table(
        "markup_matrix",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("rules", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute(
        sa.text("INSERT INTO markup_matrix (id, revision, rules) VALUES (:id, 1, '[]')").bindparams(
            sa.bindparam("id", MATRIX, sa.Uuid())
        )
    )


def _name_units() -> None:
    """Measures get a short name; those that people made before are both, unless we know better."""
    op.add_column("labels", sa.Column("short_name", sa.Text(), nullable=True))
    op.add_column("labels", sa.Column("short_key", sa.Text(), nullable=True))
    op.execute("UPDATE labels SET short_name = name, short_key = key WHERE kind = 'measure'")
    op.create_unique_constraint(None, "labels", ["short_key"])
    bind = op.get_bind()
    known = set(bind.execute(sa.text("SELECT key FROM labels WHERE kind = 'measure'")).scalars())
    for name, short in UNITS:
        names = {"name": name, "short": short, "id": uuid.uuid4()}
        if name in known:
            continue
        if short in known:
            bind.execute(
                sa.text(
                    "UPDATE labels SET name = :name, key = :name"
                    " WHERE kind = 'measure' AND key = :short"
                ),
                names,
            )
        else:
            bind.execute(
                sa.text(
                    "INSERT INTO labels (id, kind, name, key, short_name, short_key)"
                    " VALUES (:id, 'measure', :name, :name, :short, :short)"
                ),
                names,
            )


def _extend_products() -> None:
    op.add_column("products", sa.Column("warranty_days", sa.Integer(), nullable=True))
    op.add_column("products", sa.Column("warranty_km", sa.Integer(), nullable=True))
    for column, kind, start in (
        ("no_discount", sa.Boolean(), "false"),
        ("pricing", sa.Text(), "fixed"),
    ):
        op.add_column("products", sa.Column(column, kind, nullable=False, server_default=start))
        op.alter_column("products", column, server_default=None)
    op.add_column("products", sa.Column("last_cost", sa.Numeric(12, 2), nullable=True))
    op.create_check_constraint("products_pricing", "products", "pricing IN ('fixed', 'matrix')")
    op.create_index(
        "products_of_matrix",
        "products",
        ["id"],
        postgresql_where=sa.text("pricing = 'matrix'"),
    )
    op.execute(
        "UPDATE products SET last_cost = newest.unit_cost FROM ("
        "SELECT DISTINCT ON (product_id) product_id, unit_cost FROM lots"
        " ORDER BY product_id, received_at DESC, id DESC"
        ") AS newest WHERE newest.product_id = products.id"
    )
    op.create_table(
        "product_units",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("factor", sa.Numeric(13, 6), nullable=False),
        sa.CheckConstraint("factor > 0", name="product_units_factor"),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["labels.id"]),
        sa.PrimaryKeyConstraint("product_id", "unit_id"),
    )


def _keep_receipts_as_entered() -> None:
    """So far a receipt's lines were the lots that it made."""
    op.create_table(
        "receipt_lines",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Numeric(12, 3), nullable=False),
        sa.Column("cost", sa.Numeric(12, 2), nullable=False),
        sa.Column("measure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipts.id"]),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"]),
        sa.PrimaryKeyConstraint("receipt_id", "position"),
    )
    op.execute(
        "INSERT INTO receipt_lines (receipt_id, position, product_id, quantity, cost)"
        " SELECT receipt_id, position, product_id, quantity, unit_cost FROM lots"
    )
    op.drop_constraint("lots_of_receipt", "lots", type_="unique")
    op.create_unique_constraint("lots_of_receipt", "lots", ["receipt_id", "position", "unit_cost"])
    make_append_only(op.get_bind(), "receipt_lines")
