"""Cash boxes and shifts; which entries and payments belong to which shift."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from shared.ids import id_of

revision = "0006"
down_revision = "0005"

MONEY = sa.Numeric(20, 2)
INSTANT = TIMESTAMP(timezone=True)


def upgrade() -> None:
    _create_boxes()
    _create_shifts()
    _widen_the_books()


def _create_boxes() -> None:
    boxes = op.create_table(
        "cash_boxes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("section_id", sa.Uuid),
        sa.Column("methods", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )
    op.create_index("cash_boxes_name", "cash_boxes", [sa.text("lower(name)")], unique=True)
    op.execute(
        boxes.insert().values(
            id=id_of("cash box: the first"),
            name="Основная касса",
            methods=["cash", "card", "transfer"],
            active=True,
            revision=1,
            created_at=sa.func.now(),
            updated_at=sa.func.now(),
        )
    )
    settings = op.create_table(
        "till_settings",
        sa.Column("id", sa.SmallInteger, primary_key=True),
        sa.Column("shift_required", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint("id = 1", name="till_settings_one_row"),
    )
    op.execute(
        settings.insert().values(id=1, shift_required=False, revision=1, updated_at=sa.func.now())
    )


def _create_shifts() -> None:
    op.create_table(
        "shifts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("cash_box_id", sa.Uuid, sa.ForeignKey("cash_boxes.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("opening", MONEY, nullable=False),
        sa.Column("opening_difference", MONEY, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column("closed_by", sa.Text),
        sa.Column("counted", MONEY),
        sa.Column("difference", MONEY),
        sa.Column("report", JSONB),
        sa.UniqueConstraint("cash_box_id", "number", name="shifts_number"),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (counted IS NULL) AND (closed_at IS NULL) = (report IS NULL)",
            name="shifts_closed",
        ),
    )
    op.create_index(
        "shifts_open",
        "shifts",
        ["cash_box_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("shifts_at", "shifts", ["opened_at", "id"])


def _widen_the_books() -> None:
    op.add_column("entries", sa.Column("shift_id", sa.Uuid, sa.ForeignKey("shifts.id")))
    op.create_index(
        "entries_shift",
        "entries",
        ["shift_id"],
        postgresql_where=sa.text("shift_id IS NOT NULL"),
    )
    op.create_index(
        "postings_cash",
        "postings",
        ["entry_id"],
        postgresql_where=sa.text("debit = 'cash' OR credit = 'cash'"),
    )
    # An expense that is taken back is credited.
    op.drop_index("postings_expenses_of_order", "postings")
    op.create_index(
        "postings_expenses_of_order",
        "postings",
        ["order_id"],
        postgresql_where=sa.text(
            "(debit = 'expense' OR credit = 'expense') AND order_id IS NOT NULL"
        ),
    )
    op.add_column("payments", sa.Column("shift_id", sa.Uuid, sa.ForeignKey("shifts.id")))
    op.add_column("payments", sa.Column("cash_box_id", sa.Uuid, sa.ForeignKey("cash_boxes.id")))
