"""The whole work order: who answers for it, types, units, warranty, costs, and every price step."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.database import make_append_only

revision = "0002"
down_revision = "0001"

MONEY = sa.Numeric(12, 2)
INSTANT = postgresql.TIMESTAMP(timezone=True)
_BEFORE_ALL = UUID("00000000-0000-8000-8000-000000000001").int
TYPES = (
    ("repair", "Ремонт", "Repair"),
    ("diagnostics", "Диагностика", "Diagnostics"),
    ("maintenance", "Техническое обслуживание", "Maintenance"),
    ("bodywork", "Кузовной ремонт", "Bodywork"),
    ("tyres", "Шиномонтаж", "Tyre service"),
    ("warranty", "Гарантийный ремонт", "Warranty repair"),
    ("internal", "Для собственных нужд", "Internal"),
)


def upgrade() -> None:
    _station_and_types()
    _copies()
    _orders()
    _lines()
    _price_steps()


def _add(table: str, *columns: sa.Column[Any]) -> None:
    for column in columns:
        op.add_column(table, column)


def _required(table: str, *names: str) -> None:
    for name in names:
        op.alter_column(table, name, nullable=False)


def _station_and_types() -> None:
    texts = (
        "legal_name", "tax_number", "tax_reason_code", "address", "phone", "email", "website",
        "bank_details",
    )  # fmt: skip
    _add("stations", *(sa.Column(name, sa.Text()) for name in texts))
    _add("stations", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    types = op.create_table(
        "order_types",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("code", sa.Text(), nullable=False, unique=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
    )
    known = {code for code, _, _ in TYPES}
    # A type was any word until now: what orders carry joins the list.
    written = op.get_bind().scalars(sa.text("SELECT DISTINCT type FROM orders ORDER BY type"))
    others = [(code, code, code) for code in written if code not in known]
    op.bulk_insert(
        types,
        [
            {
                # Before all that people add, and the same in every station's database.
                "id": UUID(int=_BEFORE_ALL + position),
                "code": code,
                "name": name,
                "name_en": name_en,
                "active": True,
                "revision": 1,
            }
            for position, (code, name, name_en) in enumerate((*TYPES, *others))
        ],
    )


def _copies() -> None:
    """What is not known of a copy yet, its owner is asked for when it is needed."""
    for table in ("clients", "vehicles", "products"):
        _add(
            table,
            sa.Column("complete", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        )
    texts = {
        "clients": (
            "kind", "last_name", "first_name", "middle_name", "company_name", "email", "comment",
        ),
        "vehicles": ("vin", "plate", "vendor", "model", "engine", "vehicle_class"),
        "products": ("comment", "vendor", "group"),
    }  # fmt: skip
    for table, names in texts.items():
        _add(table, *(sa.Column(name, sa.Text()) for name in names))
    _add("clients", sa.Column("phones", sa.ARRAY(sa.Text())))
    _add("vehicles", sa.Column("year", sa.Integer()), sa.Column("mileage_km", sa.Integer()))
    _add(
        "products",
        sa.Column("warranty_days", sa.Integer()),
        sa.Column("warranty_km", sa.Integer()),
        sa.Column("no_discount", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("units", postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'")),
    )


def _orders() -> None:
    _add(
        "orders",
        sa.Column("assignment_at", INSTANT),
        *(
            sa.Column(name, sa.Uuid(), sa.ForeignKey("employees.id"))
            for name in ("mechanic_id", "responsible_id", "product_responsible_id", "examiner_id")
        ),
        sa.Column("driver_id", sa.Uuid()),
        sa.Column("pay", MONEY),
    )
    op.execute("UPDATE orders SET assignment_at = created_at")
    _required("orders", "assignment_at")
    op.create_index("orders_mechanic", "orders", ["mechanic_id", "created_at", "id"])
    op.create_index("orders_accounting", "orders", ["assignment_at"])
    op.create_index("orders_completed", "orders", ["completed_at", "id"])


def _lines() -> None:
    warranty = ("warranty_days", "warranty_km")
    _add(
        "service_lines",
        sa.Column("suggested_minutes", sa.Integer()),
        sa.Column("catalogue_comment", sa.Text()),
        *(sa.Column(name, sa.Integer()) for name in warranty),
    )
    op.execute("UPDATE service_lines SET suggested_minutes = estimation_minutes")
    op.execute(
        "UPDATE service_lines SET catalogue_comment = works.comment,"
        " warranty_days = works.warranty_days, warranty_km = works.warranty_km"
        " FROM works WHERE works.id = service_lines.service_id"
    )
    _required("service_lines", "suggested_minutes")
    _add(
        "part_lines",
        sa.Column("entered_quantity", sa.Numeric(9, 3)),
        sa.Column("entered_measure", sa.Text()),
        sa.Column("entered_short_name", sa.Text()),
        *(sa.Column(name, sa.Text()) for name in ("product_comment", "vendor", "group")),
        *(sa.Column(name, sa.Integer()) for name in warranty),
        sa.Column("warehouse_price", MONEY),
        sa.Column("cost", MONEY),
    )
    op.execute(
        "UPDATE part_lines SET entered_quantity = quantity, entered_measure = measure,"
        " entered_short_name = measure"
    )
    _required("part_lines", "entered_quantity", "entered_measure", "entered_short_name")


def _price_steps() -> None:
    op.create_table(
        "price_steps",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("old", sa.Numeric(15, 5)),
        sa.Column("new", sa.Numeric(15, 5), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("price_steps_of_line", "price_steps", ["line_id", "id"])
    # Of lines from before, the steps as they stand now; who took them, the audit knows.
    steps = (
        ("suggested", "suggested", "true"),
        ("initial_price", "initial", "true"),
        ("discount_percent", "discount_percent", "discount_percent <> 0"),
        ("fixed_discount", "fixed_discount", "fixed_discount <> 0"),
        ("quantity", "quantity", "true"),
    )
    for table in ("service_lines", "part_lines"):
        for step, column, condition in steps:
            op.execute(
                f'INSERT INTO price_steps (order_id, line_id, step, new, "by", cause, at)'
                f" SELECT order_id, id, '{step}', {column}, 'pitlane', 'migration', now()"
                f" FROM {table} WHERE {condition} ORDER BY order_id, position"
            )
    make_append_only(op.get_bind(), "price_steps")
