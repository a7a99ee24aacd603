"""The migrations make the tables that the code speaks of, and take along what was there before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.orders.store.tables import tables
from shared.database import delivery, engine_for, migrate
from tests.support.databases import as_owner

BEFORE = """
INSERT INTO sections VALUES (:id, :id, 'Слесарный', 1);
INSERT INTO employees VALUES (:id, 'Петров', 'Пётр', 'technician', :id, NULL, 40, true, 1);
INSERT INTO works VALUES
    (:id, 'Замена масла', 'Слить, залить', 500, NULL, NULL, 30, 90, 5000, true, 1);
INSERT INTO clients VALUES (:id, 'Иванов Иван', 5, 3);
INSERT INTO vehicles VALUES (:id, :id, 'Lada Vesta А123ВС77', 2);
INSERT INTO products VALUES (:id, 'Фильтр', 'OC90', 'шт', 100, 4);
INSERT INTO orders (id, number, station_id, client_id, client_name, client_discount, status, type,
    section_id, employee_id, payer_id, visible_to_customer, created_at, updated_at, revision,
    completion, returned_completion, settled, paid, total, waits_for_parts)
VALUES (:id, 'A-000001', :id, :id, 'Иванов Иван', 5, 'new', 'Кузовной', :id, :id, :id, true,
    '2026-03-02 09:00Z', '2026-03-02 10:00Z', 4, 0, 0, false, 0, 650, false);
INSERT INTO service_lines (id, order_id, position, service_id, name, quantity, suggested, initial,
    discount_percent, fixed_discount, quoted, total, estimation_minutes, progress, clocked_minutes)
VALUES (:id, :id, 1, :id, 'Замена масла', 1, 500, 500, 10, 0, false, 450, 45, 'planned', 0);
INSERT INTO part_lines (id, order_id, position, kind, product_id, name, oem, measure, quantity,
    suggested, initial, discount_percent, fixed_discount, quoted, total, state, version, answer,
    reserved, short)
VALUES (:id, :id, 2, 'product', :id, 'Фильтр', 'OC90', 'шт', 2, 100, 100, 0, 0, false, 200,
    'reserved', 1, 1, 2, 0);
"""
ID = "'019ab0c6-9b55-7da6-81e3-8bad3e5f7a9c'"


async def test_the_migrated_schema_is_the_one_the_store_uses(
    database: Callable[[str], str],
) -> None:
    engine = engine_for(as_owner(database("orders")))
    expected = sa.MetaData()
    for metadata in (tables, delivery):
        for table in metadata.tables.values():
            table.to_metadata(expected)

    def differences(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": False}
        )
        return list(compare_metadata(context, expected))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_orders_from_before_have_whatever_can_be_known_of_them(bare_database: str) -> None:
    engine = engine_for(bare_database)
    async with engine.begin() as connection:
        await connection.execute(sa.text("CREATE EXTENSION pg_trgm"))
    await asyncio.to_thread(migrate, "orders", bare_database, "0001")
    async with engine.begin() as connection:
        for statement in BEFORE.replace(":id", ID).split(";\n"):
            if statement.strip():
                await connection.exec_driver_sql(statement)
    await asyncio.to_thread(migrate, "orders", bare_database, "0002")

    async with engine.connect() as connection:

        async def one(query: str) -> tuple[object, ...]:
            return tuple((await connection.execute(sa.text(query))).one())

        assert await one("SELECT assignment_at = created_at, responsible_id, pay FROM orders") == (
            True,
            None,
            None,
        )
        assert await one(
            "SELECT suggested_minutes, catalogue_comment, warranty_days, warranty_km"
            " FROM service_lines"
        ) == (45, "Слить, залить", 90, 5000)
        assert await one(
            "SELECT entered_quantity, entered_measure, entered_short_name, cost FROM part_lines"
        ) == (2, "шт", "шт", None)
        # Its type was any word: now it is one of the list, behind those that are shipped.
        assert await one("SELECT name, active FROM order_types WHERE code = 'Кузовной'") == (
            "Кузовной",
            True,
        )
        for table in ("clients", "vehicles", "products"):
            assert await one(f"SELECT complete FROM {table}") == (False,)
        steps = await connection.execute(
            sa.text("SELECT step, old, new, cause FROM price_steps ORDER BY id")
        )
        assert [tuple(row) for row in steps] == [
            ("suggested", None, 500, "migration"),
            ("initial_price", None, 500, "migration"),
            ("discount_percent", None, 10, "migration"),
            ("quantity", None, 1, "migration"),
            ("suggested", None, 100, "migration"),
            ("initial_price", None, 100, "migration"),
            ("quantity", None, 2, "migration"),
        ]
    await engine.dispose()
