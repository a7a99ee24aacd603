"""What was received before VAT and extra costs were known is read as it was."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from uuid import UUID

import asyncpg

from services.inventory.store import receipts
from shared.contracts.inventory import ReceiptView, SupplierCharge
from shared.database import engine_for, migrate
from shared.ids import id_of

RECEIPT, SUPPLIER, PRODUCT = id_of("receipt"), id_of("supplier"), id_of("product")
WAREHOUSE = id_of("warehouse")
OLD_STATION = f"""
INSERT INTO warehouses (id, name, key, revision) VALUES ('{WAREHOUSE}', 'Склад', 'склад', 1);
INSERT INTO suppliers (id, name, key, revision) VALUES ('{SUPPLIER}', 'Автодок', 'автодок', 1);
INSERT INTO products (id, name, search_name, measure_id, price, active, revision, no_discount,
                      pricing)
  SELECT '{PRODUCT}', 'Болт', 'болт', id, 10, true, 1, false, 'fixed'
  FROM labels WHERE short_name = 'шт';
INSERT INTO receipts (id, number, at, warehouse_id, supplier_id, total_cost, actor)
  VALUES ('{RECEIPT}', 'A-000001', now(), '{WAREHOUSE}', '{SUPPLIER}', 103.33, 'kladov');
INSERT INTO receipt_lines (receipt_id, position, product_id, quantity, cost, measure)
  VALUES ('{RECEIPT}', 1, '{PRODUCT}', 1, 100.00, 'упак'),
         ('{RECEIPT}', 2, '{PRODUCT}', 0.333, 10.01, NULL);
INSERT INTO lots (id, product_id, warehouse_id, receipt_id, position, received_at, quantity,
                  unit_cost, remaining)
  SELECT gen_random_uuid(), '{PRODUCT}', '{WAREHOUSE}', '{RECEIPT}', lot.position, now(),
         lot.quantity, lot.cost, lot.quantity
  FROM (VALUES (1, 3, 14.28), (1, 4, 14.29), (2, 0.333, 10.01)) AS lot (position, quantity, cost);
"""


async def _arrange(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    await connection.close()


async def _fill(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(OLD_STATION)
    await connection.close()


async def _receipt(url: str, receipt_id: UUID) -> ReceiptView:
    engine = engine_for(url)
    async with engine.connect() as connection:
        found = await receipts.receipt(connection, receipt_id)
    await engine.dispose()
    return found


def test_a_receipt_of_the_last_version_is_shown_whole(bare_database: str) -> None:
    url = bare_database
    asyncio.run(_arrange(url))
    migrate("inventory", url, "0002")
    asyncio.run(_fill(url))
    migrate("inventory", url)
    receipt = asyncio.run(_receipt(url, RECEIPT))
    assert [
        (line.main_quantity, line.total_with_vat, line.stock_cost) for line in receipt.lines
    ] == [
        (Decimal(7), Decimal(100), Decimal(100)),
        (Decimal("0.333"), Decimal("3.33"), Decimal("3.33")),
    ]
    assert (receipt.total_without_vat, receipt.vat) == (Decimal("103.33"), Decimal(0))
    assert receipt.charges == (
        SupplierCharge(supplier_id=SUPPLIER, cost=Decimal("103.33"), vat=Decimal(0)),
    )
