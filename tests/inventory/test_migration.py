"""A database with data of the version before goes on as it was, in whole kopecks."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa

from shared.database import engine_for, migrate

MEASURE, PRODUCT, WAREHOUSE, SUPPLIER, RECEIPT, LOT, LATER_LOT, ORDER, LINE = (
    f"00000000-0000-4000-8000-00000000000{number}" for number in range(1, 10)
)
BEFORE = (
    "INSERT INTO labels (id, kind, name, key, short_name, short_key)"
    f" VALUES ('{MEASURE}', 'measure', 'ведро', 'ведро', 'вед', 'вед')",
    "INSERT INTO products (id, name, search_name, measure_id, price, active, revision,"
    " no_discount, pricing)"
    f" VALUES ('{PRODUCT}', 'Масло', 'масло', '{MEASURE}', 100, true, 1, false, 'fixed')",
    f"INSERT INTO warehouses (id, name, key, revision) VALUES ('{WAREHOUSE}', 'Склад', 'склад', 1)",
    f"INSERT INTO suppliers (id, name, key, revision) VALUES ('{SUPPLIER}', 'Авто', 'авто', 1)",
    "INSERT INTO receipts (id, number, at, warehouse_id, supplier_id, total_cost, actor)"
    f" VALUES ('{RECEIPT}', 'A-1', now(), '{WAREHOUSE}', '{SUPPLIER}', 31.04, 'kladov')",
    "INSERT INTO lots (id, product_id, warehouse_id, receipt_id, position, received_at, quantity,"
    " unit_cost, remaining) VALUES"
    f" ('{LOT}', '{PRODUCT}', '{WAREHOUSE}', '{RECEIPT}', 1, now(), 3, 10.01, 1.5),"
    f" ('{LATER_LOT}', '{PRODUCT}', '{WAREHOUSE}', '{RECEIPT}', 2, now(), 1, 1.01, 0.1)",
    "INSERT INTO consumptions (order_id, completion, line_id, lot_id, product_id, warehouse_id,"
    " quantity, unit_cost, returned) VALUES"
    f" ('{ORDER}', 1, '{LINE}', '{LOT}', '{PRODUCT}', '{WAREHOUSE}', 1.5, 10.01, false),"
    f" ('{ORDER}', 1, '{LINE}', '{LATER_LOT}', '{PRODUCT}', '{WAREHOUSE}', 0.5, 1.01, false)",
    "INSERT INTO stock (product_id, warehouse_id, since, on_hand, reserved, value)"
    f" VALUES ('{PRODUCT}', '{WAREHOUSE}', now(), 1.6, 1, 15.116)",
)
AFTER = {
    "SELECT value FROM lots ORDER BY id": ["15.02000", "0.10000"],
    "SELECT cost FROM consumptions ORDER BY lot_id": ["15.02000", "0.50000"],
    "SELECT value FROM stock": ["15.12000"],
    "SELECT missing FROM stock": ["0.000"],
    "SELECT kind || ' ' || quantity || ' ' || value FROM movements": ["correction 0.000 0.00400"],
    "SELECT costing || ' ' || may_be_negative FROM warehouses": ["fifo false"],
}


async def test_stock_of_the_version_before_is_worth_what_it_was_in_whole_kopecks(
    bare_database: str,
) -> None:
    engine = engine_for(bare_database)
    async with engine.begin() as connection:
        await connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    await asyncio.to_thread(migrate, "inventory", bare_database, "0002")
    async with engine.begin() as connection:
        for statement in BEFORE:
            await connection.execute(sa.text(statement))

    await asyncio.to_thread(migrate, "inventory", bare_database)

    async with engine.connect() as connection:
        for query, expected in AFTER.items():
            found = (await connection.execute(sa.text(query))).scalars()
            assert list(map(str, found)) == expected
    await engine.dispose()


SUMMED = (
    "INSERT INTO stock_sums"
    f" SELECT '{PRODUCT}', '{WAREHOUSE}', 'month', day, 'receipt', true, 2, 20, 100"
    " FROM unnest(array[date '2024-03-01', date '2024-04-01']) AS day",
    "INSERT INTO last_moves"
    f" SELECT '{PRODUCT}', '{WAREHOUSE}', kind, at FROM (VALUES"
    " ('receipt', timestamptz '2024-03-01 09:00Z'), ('issue', '2024-03-02 09:00Z'),"
    " ('issue_short', '2024-03-03 09:00Z'), ('reserve', '2024-03-04 09:00Z')) AS moves (kind, at)",
    "INSERT INTO stock (product_id, warehouse_id, since, on_hand, reserved, value, missing) VALUES"
    f" ('{PRODUCT}', '{WAREHOUSE}', '2024-02-01 09:00Z', 0, 0, 0, 0),"
    f" ('{PRODUCT}', '{SUPPLIER}', '2024-02-02 09:00Z', 2, 0, 0, 0)",
)
KEPT = {
    "SELECT day || ' ' || quantity || ' ' || value FROM stock_sums WHERE grain = 'year'": [
        "2024-01-01 4.000 40.00000"
    ],
    "SELECT day || ' ' || quantity FROM stock_sums WHERE grain = 'quarter' ORDER BY day": [
        "2024-01-01 2.000",
        "2024-04-01 2.000",
    ],
    "SELECT receipt_at = '2024-03-01 09:00Z' AND issue_at = '2024-03-03 09:00Z'"
    " AND idle_since = issue_at AND NOT lies"
    f" FROM last_moves WHERE warehouse_id = '{WAREHOUSE}'": ["True"],
    # What was brought from another warehouse was neither received nor taken.
    "SELECT receipt_at IS NULL AND issue_at IS NULL AND idle_since = '2024-02-02 09:00Z' AND lies"
    f" FROM last_moves WHERE warehouse_id = '{SUPPLIER}'": ["True"],
}


async def test_sums_of_before_are_those_that_are_kept_now(bare_database: str) -> None:
    engine = engine_for(bare_database)
    async with engine.begin() as connection:
        await connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    await asyncio.to_thread(migrate, "inventory", bare_database, "0007")
    async with engine.begin() as connection:
        for statement in SUMMED:
            await connection.exec_driver_sql(statement)

    await asyncio.to_thread(migrate, "inventory", bare_database)

    async with engine.connect() as connection:
        for query, expected in KEPT.items():
            found = (await connection.exec_driver_sql(query)).scalars()
            assert list(map(str, found)) == expected
    await engine.dispose()


async def test_price_list_of_a_day_to_come_that_held_already_goes_on_holding(
    bare_database: str,
) -> None:
    engine = engine_for(bare_database)
    async with engine.begin() as connection:
        await connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    await asyncio.to_thread(migrate, "inventory", bare_database, "0013")
    async with engine.begin() as connection:
        await connection.execute(
            sa.text(
                "INSERT INTO suppliers (id, name, key, revision) VALUES"
                f" ('{SUPPLIER}', 'Авто', 'авто', 1), ('{WAREHOUSE}', 'Склад', 'склад', 1)"
            )
        )
        await connection.execute(
            sa.text(
                "INSERT INTO price_lists (supplier_id, list_id, valid_from, applied_at) VALUES"
                f" ('{SUPPLIER}', '{RECEIPT}', current_date + 9, now()),"
                f" ('{WAREHOUSE}', '{LOT}', current_date - 9, now())"
            )
        )
        await connection.execute(
            sa.text(
                "INSERT INTO imports (id, kind, state, file_name, digest, supplier_id, valid_from,"
                " live, wanted, columns, header_row, rows_read, rows_checked, rows_good, rows_bad,"
                " checked_to, particulars, tries, actor, created_at, updated_at, revision)"
                f" VALUES ('{RECEIPT}', 'price_list', 'applied', 'прайс.csv', 'd', '{SUPPLIER}',"
                " current_date + 9, true, '{}', '{}', 1, 1, 1, 1, 0, 1, '{}', 0, 'kladov', now(),"
                " now(), 1)"
            )
        )

    await asyncio.to_thread(migrate, "inventory", bare_database)

    async with engine.connect() as connection:
        query = "SELECT applied_at::date - valid_from FROM price_lists ORDER BY supplier_id DESC"
        found = (await connection.execute(sa.text(query))).scalars()
        assert list(found) == [0, 9]
        query = "SELECT valid_from <= current_date FROM imports"  # what its page says
        assert await connection.scalar(sa.text(query))
    await engine.dispose()
