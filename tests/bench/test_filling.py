"""What the benchmarks write past the services fits the tables of today."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg
import pytest

from shared.database import engine_for
from shared.ids import new_id
from shared.messaging.folding import reckon_sums
from tests.bench import million_rows
from tests.bench.business import Business
from tests.bench.report_base import add
from tests.bench.report_questions import PARTS, ZONE, Part
from tests.support.databases import Databases, as_owner

COUNT = 1_000

type MakeDatabase = Callable[[str], str]


async def test_clients_cars_and_orders_of_the_million(
    databases: Databases, database: MakeDatabase
) -> None:
    of_the_shop = (
        "section_id", "employee_id", "client_id", "service_id", "warehouse_id", "supplier_id"
    )  # fmt: skip
    business = Business(**{name: str(new_id()) for name in of_the_shop}, products=(str(new_id()),))
    clients = await asyncpg.connect(databases.as_superuser(database("clients")))
    await million_rows.fill_clients(clients, COUNT)
    assert (
        await clients.fetchval(
            "SELECT count(*) FROM vehicles JOIN clients ON client_id = clients.id"
        )
        == COUNT
    )
    orders = await asyncpg.connect(databases.as_superuser(database("orders")))
    await orders.execute(
        "INSERT INTO sections VALUES ($1, $2, 'Участок', 1)", business.section_id, new_id()
    )
    await million_rows.fill_orders(orders, business, COUNT)
    lines = await orders.fetchval(
        "SELECT (SELECT count(*) FROM service_lines JOIN orders ON order_id = orders.id)"
        " + (SELECT count(*) FROM part_lines JOIN orders ON order_id = orders.id)"
    )
    assert lines == COUNT * million_rows.LINES_OF_ORDER


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.books.service)
async def test_year_that_reports_are_asked_about(database: MakeDatabase, part: Part) -> None:
    url, books = database(part.books.service), part.books
    owner = await asyncpg.connect(as_owner(url))
    await add(owner, [*books.rows.things, *books.rows.of_orders], COUNT, 0, COUNT)
    assert await owner.fetchval(part.counted) == COUNT
    engine = engine_for(url, pool_size=1)
    assert await reckon_sums(engine, ZONE, books.reckon)
    await engine.dispose()
    await add(owner, [*books.rows.of_orders, *books.rows.news], COUNT, COUNT, COUNT + 100)
    assert await owner.fetchval(part.counted) == COUNT + 100
    await owner.close()
