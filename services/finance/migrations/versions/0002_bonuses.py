"""Bonuses: rules, settings, accruals, lots, and what payments hold of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

from shared.database import make_append_only

revision = "0002"
down_revision = "0001"

MONEY = sa.Numeric(20, 2)
INSTANT = TIMESTAMP(timezone=True)


def upgrade() -> None:
    _widen_the_books()
    _create_rules()
    _create_accruals()
    _create_lots()
    make_append_only(op.get_bind(), "bonus_accruals")


def _widen_the_books() -> None:
    op.add_column("postings", sa.Column("rule_id", sa.Uuid))
    op.create_index(
        "postings_bonuses",
        "postings",
        ["client_id"],
        postgresql_where=sa.text("debit = 'bonuses' OR credit = 'bonuses'"),
    )
    for table in ("accounts", "settlements"):
        op.add_column(
            table, sa.Column("bonuses", MONEY, nullable=False, server_default=sa.text("0"))
        )
    op.create_check_constraint(
        "settlements_bonuses", "settlements", "bonuses >= 0 AND bonuses <= paid"
    )


def _create_rules() -> None:
    op.create_table(
        "bonus_rules",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("condition", sa.Text, nullable=False),
        sa.Column("amount", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("exclusive", sa.Boolean, nullable=False),
        sa.Column("service_groups", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("product_groups", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_to", sa.Date),
        sa.Column("cap_per_order", MONEY),
        sa.Column("cap_per_month", MONEY),
        sa.Column("days_to_live", sa.Integer),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )
    op.create_index("bonus_rules_name", "bonus_rules", [sa.text("lower(name)")], unique=True)
    settings = op.create_table(
        "bonus_settings",
        sa.Column("id", sa.SmallInteger, primary_key=True),
        sa.Column("max_share_percent", sa.Numeric(5, 2), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint("id = 1", name="bonus_settings_one_row"),
    )
    op.execute(
        settings.insert().values(id=1, max_share_percent=30, revision=1, updated_at=sa.func.now())
    )


def _create_accruals() -> None:
    op.create_table(
        "bonus_accruals",
        sa.Column("order_id", sa.Uuid, primary_key=True),
        sa.Column("completion", sa.Integer, primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("money", MONEY, nullable=False),
        sa.Column("amount", MONEY, nullable=False),
    )


def _create_lots() -> None:
    op.create_table(
        "bonus_lots",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("client_id", sa.Uuid, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("left", MONEY, nullable=False),
        sa.Column("taken_back", MONEY, nullable=False),
        sa.Column("order_id", sa.Uuid),
        sa.Column("completion", sa.Integer),
        sa.Column("rule_id", sa.Uuid),
        sa.CheckConstraint(
            '"left" >= 0 AND taken_back >= 0 AND taken_back <= amount', name="bonus_lots_parts"
        ),
    )
    for name, columns, where in (
        ("open", ["client_id"], '"left" > 0'),
        ("expiring", ["expires_at"], '"left" > 0'),
        ("order", ["order_id"], "order_id IS NOT NULL"),
        ("given", ["client_id", "at"], "completion IS NOT NULL"),
    ):
        op.create_index(
            f"bonus_lots_{name}", "bonus_lots", columns, postgresql_where=sa.text(where)
        )
    op.create_table(
        "bonus_spends",
        sa.Column("payment_id", sa.Uuid, sa.ForeignKey("payments.id"), primary_key=True),
        sa.Column("lot_id", sa.Uuid, sa.ForeignKey("bonus_lots.id"), primary_key=True),
        sa.Column("amount", MONEY, nullable=False),
        sa.CheckConstraint("amount > 0", name="bonus_spends_amount"),
    )
