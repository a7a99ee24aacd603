"""Orders are found by words as if each had been looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, cycle, product
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.finding import find_orders
from services.orders.store.queries import OrderFilter
from services.orders.store.tables import orders
from shared.database import engine_for
from tests.support.databases import Databases, as_owner

MANY = 6_000
ID = UUID("019ab0c6-9b55-7da6-81e3-8bad3e5f7a9c")
# A third of all is of the newest half year. A name is borne by many, by a few, only by those of
# long ago, or by those right behind the newest thousand; three orders are of one moment.
FILL = f"""
INSERT INTO sections (id, station_id, name, revision) VALUES ('{ID}', '{ID}', 'Слесарный', 1);
INSERT INTO employees (id, last_name, first_name, role, section_id, pay_percent, active, revision)
VALUES ('{ID}', 'Петров', 'Пётр', 'technician', '{ID}', 40, true, 1);
INSERT INTO orders (id, number, station_id, client_id, client_name, client_discount, status, type,
    vehicle_name, section_id, employee_id, payer_id, visible_to_customer, assignment_at, created_at,
    updated_at, revision, completed_at, completion, returned_completion, settled, paid,
    paid_completion, total, waits_for_parts, waits_for_approval)
SELECT md5('order' || n)::uuid, 'M-' || lpad(n::text, 5, '0'), '{ID}',
    lpad(to_hex(n % 50), 32, '0')::uuid,
    (ARRAY['Иванов', 'Ивановский', 'Сидоров', 'Кузнецова', 'Ли'])[1 + n * 7 % 11 % 5]
        || CASE WHEN n < 500 THEN ' Древний' WHEN n % 200 = 7 THEN ' Редкий'
            WHEN n BETWEEN 4000 AND 4900 THEN ' Недавний' ELSE ' Пётр' END,
    0, CASE WHEN n % 7 = 0 THEN 'new' ELSE 'done' END, 'repair',
    CASE WHEN n % 4 <> 0 THEN 'Lada Vesta А' || lpad((n * 31 % 1000)::text, 3, '0') || 'ВС77' END,
    '{ID}', '{ID}', '{ID}', true, at, at, at, 1, CASE WHEN n % 7 <> 0 THEN at END, 1, 0, true,
    0, 0, 100, false, false
FROM generate_series(1, {MANY}) AS n, LATERAL (
    SELECT timestamptz '2026-11-01 09:00Z'
        - (({MANY} - n / 3 * 3) / {MANY}::float) ^ 3 * interval '3472 days' AS at
) AS made;
ANALYZE;
"""


@pytest.fixture(scope="module")
def crowd(databases: Databases) -> Iterator[str]:
    """A database with many orders."""
    url = databases.create("orders")
    asyncio.run(fill(as_owner(url)))
    yield url
    databases.drop(url)


async def fill(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(FILL)
    await connection.close()


FOUND = [
    "Иванов",  # many, the newest, too
    "недавний",
    "древний",
    "древний 3",
    "редкий кузн",
    "пётр ли",
    "VESTA",
    "m-0",  # all
    "м-00123",  # none: this is not the Latin letter
    "m-00123",
    "а31 иванов",
    "077",
    "я",  # too short for an index
    "а3 ли",
    "а3 пётр",
    "%",
    "_____",
    "йцу",
]
SINCE, UNTIL = datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
NARROWED: list[dict[str, Any]] = [
    {"status": "new"},
    {"client_id": UUID(int=1)},
    {"own_of": ID},
    {"statuses": ("new", "done")},
    {"statuses": ("done",), "section_id": ID},
    {"vehicle_id": ID},
    {"start": SINCE, "end": UNTIL},
    {"start": SINCE, "accounted": True},
    {"unbooked": True},
]
LIMIT = 21


def fits(order: Any, filters: OrderFilter) -> bool:
    """Of this crowd: nobody's post is booked, and all is the one employee's own."""
    text = f"{order.number} {order.client_name} {order.vehicle_name or ''}".lower()
    at = order.assignment_at if filters.accounted else order.created_at
    return (
        all(word in text for word in filters.words)
        and filters.status in (None, order.status)
        and (not filters.statuses or order.status in filters.statuses)
        and filters.section_id in (None, order.section_id)
        and filters.client_id in (None, order.client_id)
        and filters.vehicle_id in (None, order.vehicle_id)
        and filters.own_of in (None, order.employee_id)
        and not (filters.unbooked and order.status == "done")
        and (filters.start is None or filters.start <= at)
        and (filters.end is None or at < filters.end)
    )


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
async def test_words_find_what_looking_at_each_order_finds(crowd: str, plan: str) -> None:
    engine = engine_for(crowd)
    async with engine.connect() as connection:
        await connection.execute(sa.text(f"SET plan_cache_mode = {plan}"))
        newest_first = orders.c.created_at.desc(), orders.c.id.desc()
        every = (await connection.execute(sa.select(orders).order_by(*newest_first))).all()
        some = zip(["", *FOUND], cycle(NARROWED), strict=False)
        for q, narrowed in chain(product(FOUND, [{}]), some, product([""], NARROWED)):
            filters = OrderFilter(q=q, **narrowed)
            expected = [order.id for order in every if fits(order, filters)]
            found = await pages(connection, filters)
            assert found == expected[: len(found)], (q, narrowed)
            assert len(found) == min(len(expected), MOST_PAGES * LIMIT), (q, narrowed)
    await engine.dispose()


MOST_PAGES = 3


async def pages(connection: AsyncConnection, filters: OrderFilter) -> list[UUID]:
    """The first of them, as they are turned."""
    found: list[Any] = []
    while len(found) % LIMIT == 0 and len(found) < MOST_PAGES * LIMIT:
        after = (found[-1].created_at, found[-1].id) if found else None
        page = await find_orders(connection, filters, LIMIT, after)
        if not page:
            break
        found += page
    return [row.id for row in found]
