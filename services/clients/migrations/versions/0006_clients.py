"""Cards that are one with another, and cards that may be; requisites and contracts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"

INSTANT = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    _mark_merged_cards()
    _index_what_is_alike()
    _create_duplicates()
    _find_duplicates()
    _create_contracts()


def _mark_merged_cards() -> None:
    op.add_column("clients", sa.Column("merged_into", sa.Uuid, sa.ForeignKey("clients.id")))
    op.add_column("clients", sa.Column("erased_at", INSTANT))
    op.create_index(
        "clients_merged",
        "clients",
        ["merged_into"],
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )


def _index_what_is_alike() -> None:
    op.create_index(
        "clients_phones",
        "clients",
        ["phones"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(
        "clients_email",
        "clients",
        [sa.text("lower(email)")],
        postgresql_where=sa.text("email IS NOT NULL"),
    )
    op.create_index("clients_name", "clients", ["name_key"])


def _create_duplicates() -> None:
    op.create_table(
        "duplicates",
        sa.Column("one_id", sa.Uuid, sa.ForeignKey("clients.id"), primary_key=True),
        sa.Column("other_id", sa.Uuid, sa.ForeignKey("clients.id"), primary_key=True),
        sa.Column("reasons", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.Column("dismissed_at", INSTANT),
        sa.Column("dismissed_by", sa.Text),
        sa.CheckConstraint("one_id < other_id", name="duplicates_order"),
    )
    op.create_index("duplicates_other", "duplicates", ["other_id"])
    op.create_index(
        "duplicates_open",
        "duplicates",
        ["found_at", "one_id", "other_id"],
        postgresql_where=sa.text("dismissed_at IS NULL"),
    )


def _find_duplicates() -> None:
    """Among the cards that there are: those that share a phone with not too many others."""
    op.execute(
        """
        WITH phones AS (
            SELECT phone, array_agg(id) AS ids
            FROM clients, unnest(phones) AS phone
            GROUP BY phone HAVING count(*) BETWEEN 2 AND 20
        )
        INSERT INTO duplicates (one_id, other_id, reasons, found_at)
        SELECT DISTINCT one, other, ARRAY['phone'], now()
        FROM phones, unnest(ids) AS one, unnest(ids) AS other
        WHERE one < other
        """
    )


def _create_contracts() -> None:
    op.add_column("clients", sa.Column("requisites", JSONB))
    op.create_table(
        "contracts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, sa.ForeignKey("clients.id"), nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("signed_on", sa.Date, nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_to", sa.Date),
        sa.Column("payment_days", sa.Integer, nullable=False),
        sa.Column("credit_limit", sa.Numeric(12, 2)),
        sa.Column("discount_percent", sa.Numeric(5, 2)),
        sa.Column("comment", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )
    op.create_index("contracts_client", "contracts", ["client_id", "signed_on", "id"])
