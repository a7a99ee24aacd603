"""A database with data of the version before goes on as it was."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa

from shared.database import engine_for, migrate

BEFORE = """
INSERT INTO labels (id, kind, name, key, short_name, short_key)
  VALUES ('00000000-0000-4000-8000-000000000001', 'measure', 'ведро', 'ведро', 'вед', 'вед');
INSERT INTO products (id, name, search_name, measure_id, price, active, revision, no_discount,
                      pricing)
  VALUES ('00000000-0000-4000-8000-000000000002', 'Масло', 'масло',
          '00000000-0000-4000-8000-000000000001', 100, true, 1, false, 'fixed');
INSERT INTO warehouses (id, name, key, revision)
  VALUES ('00000000-0000-4000-8000-000000000003', 'Основной', 'основной', 1);
INSERT INTO suppliers (id, name, key, revision)
  VALUES ('00000000-0000-4000-8000-000000000004', 'Автодок', 'автодок', 1);
INSERT INTO receipts (id, number, at, warehouse_id, supplier_id, total_cost, actor)
  VALUES ('00000000-0000-4000-8000-000000000005', 'A-1', now(),
          '00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000004', 30, 'k');
INSERT INTO lots (id, product_id, warehouse_id, receipt_id, position, received_at, quantity,
                  unit_cost, remaining)
  VALUES ('00000000-0000-4000-8000-000000000006', '00000000-0000-4000-8000-000000000002',
          '00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000005', 1,
          now(), 3, 10.01, 1.5);
INSERT INTO consumptions (order_id, completion, line_id, lot_id, product_id, warehouse_id,
                          quantity, unit_cost, returned)
  VALUES (gen_random_uuid(), 1, gen_random_uuid(), '00000000-0000-4000-8000-000000000006',
          '00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000003',
          1.5, 10.01, false);
INSERT INTO stock (product_id, warehouse_id, since, on_hand, reserved, value)
  VALUES ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000003', now(),
          1.5, 1, 15.015)
"""


async def test_lots_of_the_version_before_are_worth_what_they_were_bought_for(
    bare_database: str,
) -> None:
    url = bare_database
    engine = engine_for(url)
    async with engine.begin() as connection:
        await connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    await asyncio.to_thread(migrate, "inventory", url, "0002")
    async with engine.begin() as connection:
        for statement in BEFORE.split(";\n"):
            await connection.execute(sa.text(statement))

    await asyncio.to_thread(migrate, "inventory", url)

    async with engine.connect() as connection:
        for query, expected in (
            ("SELECT value FROM lots", "15.01500"),
            ("SELECT cost FROM consumptions", "15.01500"),
            ("SELECT missing FROM stock", "0.000"),
            ("SELECT costing || may_be_negative FROM warehouses", "fifofalse"),
        ):
            assert str(await connection.scalar(sa.text(query))) == expected
    await engine.dispose()
