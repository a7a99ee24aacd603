"""A year of a chain's business, straight into the tables: what the services would have written.

Each statement is of the orders from ``{first}`` until ``{last}``, of ``{orders}`` in the year: all
of them when the tables are filled, then some more while it is measured who falls behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import md5
from uuid import UUID

START = datetime(2025, 1, 1, tzinfo=UTC)
SECTIONS, MECHANICS, SERVICES, PRODUCTS, WAREHOUSES = 20, 100, 300, 20_000, 3
STEP = 7919
"""From the product of one order to that of the next."""


def _id(name: str) -> str:
    """Of a thing of order ``n`` that happened ``at``: ids grow with time, as the services' do."""
    milliseconds = "lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')"
    return f"({milliseconds} || '7' || substr(md5('{name}' || n), 14))::uuid"


_GENERATED = f"""
    CREATE TEMP TABLE generated ON COMMIT DROP AS
    SELECT n, md5('order' || n)::uuid AS order_id, {_id("entry")} AS entry_id,
        {_id("paid")} AS paid_id,
        md5('client' || n % greatest({{orders}} / 4, 1))::uuid AS client_id,
        md5('section' || n % {SECTIONS})::uuid AS section_id,
        md5('mechanic' || (n * 7) % {MECHANICS})::uuid AS mechanic_id,
        md5('service' || (n * 13) % {SERVICES})::uuid AS service_id,
        md5('product' || (n::bigint * {STEP}) % {PRODUCTS})::uuid AS product_id,
        md5('warehouse' || n % {WAREHOUSES})::uuid AS warehouse_id,
        md5('station')::uuid AS station_id, at,
        1000 + n % 5000 AS works, 500 + n % 3000 AS goods, 300 + n % 2000 AS cost, 400 AS pay
    FROM (
        SELECT n, timestamptz '{START.isoformat()}'
            + n % {{orders}} * (interval '365 days' / {{orders}}) AS at
        FROM generate_series({{first}}, {{last}} - 1) AS n
    ) AS numbered
"""


@dataclass(frozen=True, slots=True)
class Rows:
    """What a service has: ``things`` of the station, rows ``of_orders``, and the ``news`` that its
    sums do not know yet."""

    things: Sequence[str]
    of_orders: Sequence[str]
    news: Sequence[str]


_ACCOUNTS = (
    """INSERT INTO accounts (client_id, receivable, deposits)
    SELECT md5('client' || n)::uuid, 0, 0 FROM generate_series(0, {orders} / 4) AS n""",
)
_BOOKS = (
    _GENERATED,
    "INSERT INTO orders SELECT order_id, 'A-' || n, client_id FROM generated",
    """INSERT INTO entries (id, kind, at, station_id, actor, order_id, client_id, section_id)
    SELECT entry_id, 'settlement', at, station_id, 'bench', order_id, client_id, section_id
    FROM generated
    UNION ALL SELECT paid_id, 'payment', at, station_id, 'bench', order_id, client_id, NULL
    FROM generated""",
    """INSERT INTO postings (entry_id, line, debit, credit, amount, client_id, order_id, category)
    SELECT entry_id, 0, 'receivable', 'revenue.services', works, client_id, order_id, 'orders'
    FROM generated
    UNION ALL
    SELECT entry_id, 1, 'receivable', 'revenue.products', goods, client_id, order_id, 'orders'
    FROM generated
    UNION ALL
    SELECT entry_id, 2, 'cost.goods', 'inventory', cost, NULL, order_id, 'cost_of_goods'
    FROM generated
    UNION ALL SELECT entry_id, 3, 'pay.labor', 'payroll.payable', pay, NULL, order_id, 'pay'
    FROM generated
    UNION ALL SELECT paid_id, 0, 'cash', 'receivable', works + goods, client_id, order_id, NULL
    FROM generated""",
    """INSERT INTO settlements (order_id, completion, state, number, station_id, section_id,
        client_id, completed_at, revenue, products, materials, pay, vat_services, vat_products,
        vat_materials, cost, paid, entry_id, bonuses)
    SELECT order_id, 1, 'settled', 'A-' || n, station_id, section_id, client_id, at, works + goods,
        goods, 0, pay, 0, 0, 0, cost, works + goods, entry_id, 0 FROM generated""",
    """INSERT INTO sales (entry_id, position, at, station_id, section_id, order_id, client_id,
        employee_id, service_id, name, product_id, orders, jobs, quantity, works, goods, materials,
        vat, cost, pay)
    SELECT entry_id, 0, at, station_id, section_id, order_id, client_id, mechanic_id, service_id,
        'Работа', NULL, 1, 1, 0, works, 0, 0, 0, 0, pay FROM generated
    UNION ALL
    SELECT entry_id, 1, at, station_id, section_id, order_id, client_id, NULL, NULL, '',
        product_id, 0, 0, 1, 0, goods, 0, 0, cost, 0 FROM generated""",
)
FINANCE = Rows(
    _ACCOUNTS,
    _BOOKS,
    ["INSERT INTO unfolded SELECT entry_id FROM generated UNION ALL SELECT paid_id FROM generated"],
)

_GOODS = (
    """INSERT INTO labels (id, kind, name, key, short_name, short_key)
    VALUES (md5('bench')::uuid, 'measure', 'штука-bench', 'штука-bench', 'шт-b', 'шт-b')""",
    f"""INSERT INTO products (id, name, search_name, measure_id, price, active, revision,
        no_discount, pricing)
    SELECT md5('product' || n)::uuid, 'Товар ' || n, 'товар ' || n, md5('bench')::uuid, 100, true,
        1, false, 'fixed' FROM generate_series(0, {PRODUCTS - 1}) AS n""",
    f"""INSERT INTO warehouses (id, name, key, revision, costing, may_be_negative)
    SELECT md5('warehouse' || n)::uuid, 'Склад ' || n, 'склад ' || n, 1, 'average', false
    FROM generate_series(0, {WAREHOUSES - 1}) AS n""",
)
_MOVEMENTS = (
    _GENERATED,
    f"""INSERT INTO movements (id, at, kind, product_id, warehouse_id, quantity, value, order_id,
        actor)
    SELECT {_id("r")}, at, 'receipt', product_id, warehouse_id, 2, cost * 2, NULL, 'bench'
    FROM generated
    UNION ALL
    SELECT {_id("v")}, at, 'reserve', product_id, warehouse_id, 1, 0, order_id, 'bench'
    FROM generated
    UNION ALL
    SELECT {_id("i")}, at, 'issue', product_id, warehouse_id, -1, -cost, order_id, 'bench'
    FROM generated""",
    """INSERT INTO stock (product_id, warehouse_id, since, on_hand, reserved, value, missing)
    SELECT product_id, warehouse_id, min(at), count(*), 0, sum(cost), 0 FROM generated
    GROUP BY product_id, warehouse_id ON CONFLICT (product_id, warehouse_id) DO UPDATE
    SET on_hand = stock.on_hand + excluded.on_hand, value = stock.value + excluded.value""",
)
INVENTORY = Rows(
    _GOODS,
    _MOVEMENTS,
    [f"INSERT INTO unfolded SELECT {_id(kind)} FROM generated" for kind in "rvi"],
)

_PLACES = (
    f"""INSERT INTO sections
    SELECT md5('section' || n)::uuid, md5('station')::uuid, 'Участок ' || n, 1
    FROM generate_series(0, {SECTIONS - 1}) AS n""",
    f"""INSERT INTO employees (id, last_name, first_name, role, section_id, pay_percent, active,
        revision)
    SELECT md5('mechanic' || n)::uuid, 'Механик ' || n, 'Иван', 'technician',
        md5('section' || n % {SECTIONS})::uuid, 40, true, 1
    FROM generate_series(0, {MECHANICS - 1}) AS n""",
)
_ORDERS = (
    _GENERATED,
    """INSERT INTO orders (id, number, station_id, client_id, client_name, client_discount, status,
        type, section_id, employee_id, payer_id, visible_to_customer, assignment_at, created_at,
        updated_at, revision, completed_at, completion, returned_completion, settled, paid, total,
        waits_for_parts, waits_for_approval)
    SELECT order_id, 'A-' || n, station_id, client_id, 'Иванов', 0, 'done', 'repair', section_id,
        mechanic_id, client_id, true, at, at, at, 1, at, 1, 0, true, works + goods, works + goods,
        false, false FROM generated""",
    """INSERT INTO service_lines (id, order_id, position, name, quantity, suggested, initial,
        discount_percent, fixed_discount, quoted, total, labor_hours, estimation_minutes,
        suggested_minutes, mechanic_id, progress, clocked_minutes, approval_state)
    SELECT md5('line' || n)::uuid, order_id, 1, 'Работа', 1, works, works, 0, 0, false, works, 1.5,
        90, 90, mechanic_id, 'finished', 80, 'not_needed' FROM generated""",
)
_CHANGES = (
    """INSERT INTO order_changes (at, station_id, section_id, what, status, employee_id, orders,
        total, planned_minutes, sold_hours, clocked_minutes)
    SELECT at, station_id, section_id, 'order', 'done', mechanic_id, 1, works + goods, 0, 0, 0
    FROM generated
    UNION ALL
    SELECT at, station_id, section_id, 'works', 'done', mechanic_id, 1, works, 90, 1.5, 80
    FROM generated""",
)
ORDERS = Rows(_PLACES, _ORDERS, _CHANGES)


def uuid_of(name: str) -> UUID:
    """Of a thing of the station: ``section7``, ``client12``."""
    return UUID(md5(name.encode(), usedforsecurity=False).hexdigest())
