"""Pay: rules, who earned what, salaries day by day, closed periods."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from shared.database import make_append_only

revision = "0005"
down_revision = "0004"

MONEY = sa.Numeric(20, 2)
INSTANT = TIMESTAMP(timezone=True)


def upgrade() -> None:
    _name_people_in_the_books()
    _create_rules()
    _create_lines_and_days()
    _create_state()
    make_append_only(op.get_bind(), "pay_lines", "pay_days")


def _name_people_in_the_books() -> None:
    op.add_column("postings", sa.Column("employee_id", sa.Uuid))
    op.create_index(
        "postings_employee",
        "postings",
        ["employee_id"],
        postgresql_where=sa.text("employee_id IS NOT NULL"),
    )
    op.add_column("settlements", sa.Column("labor", JSONB))
    op.add_column("settlements", sa.Column("pay_entry_id", sa.Uuid, sa.ForeignKey("entries.id")))


def _create_rules() -> None:
    op.create_table(
        "pay_rules",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("value", MONEY, nullable=False),
        sa.Column("employee_id", sa.Uuid),
        sa.Column("role", sa.Text),
        sa.Column("section_id", sa.Uuid),
        sa.Column("service_group", sa.Text),
        sa.Column("accrued", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_to", sa.Date),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("comment", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )


def _create_lines_and_days() -> None:
    op.create_table(
        "pay_lines",
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sa.Column("line", sa.SmallInteger, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("number", sa.Text),
        sa.Column("line_id", sa.Uuid),
        sa.Column("name", sa.Text),
        sa.Column("base", sa.Numeric),
        sa.Column("value", MONEY),
        sa.Column("share", sa.Numeric(5, 2)),
        sa.Column("rule_id", sa.Uuid),
        sa.ForeignKeyConstraint(["entry_id", "line"], ["postings.entry_id", "postings.line"]),
    )
    op.create_table(
        "pay_days",
        sa.Column("employee_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("rule_id", sa.Uuid),
        sa.Column("accrued", sa.Text, nullable=False),
    )
    op.create_index("pay_days_day", "pay_days", ["day"])


def _create_state() -> None:
    state = op.create_table(
        "payroll_state",
        sa.Column("id", sa.SmallInteger, primary_key=True),
        sa.Column("closed_until", sa.Date),
        sa.Column("accrued_through", sa.Date),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("id = 1", name="payroll_state_one_row"),
    )
    op.execute(state.insert().values(id=1, revision=1))
