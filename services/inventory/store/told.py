"""Products and what orders want, as they are here, for whoever compares copies with them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.store.references import PRODUCTS, product_view
from services.inventory.store.tables import products, requests
from shared.contracts.copies import ListToldByInventory, Told
from shared.copies import told
from shared.pagination import by_id

_PRODUCT = (
    "name", "oem", "measure", "price", "comment", "vendor", "group", "warranty_days",
    "warranty_km", "no_discount",
)  # fmt: skip
# Of what was issued the order is done: nobody waits for its parts.
_WANTED = select(requests).where(requests.c.issued == 0)


async def told_by_inventory(connection: AsyncConnection, asked: ListToldByInventory) -> list[Told]:
    """One more than a page, by id."""
    statement, key = (
        (PRODUCTS, products.c.id) if asked.kind == "product" else (_WANTED, requests.c.line_id)
    )
    statement = by_id(statement, key, asked.cursor, asked.limit, only=asked.ids)
    rows = await connection.execute(statement)
    if asked.kind == "product":
        return [_product(row) for row in rows]
    return [told("part", row.line_id, row.answer, {"short": row.short > 0}) for row in rows]


def _product(row: Any) -> Told:
    product = product_view(row)
    return told(
        "product",
        product.id,
        product.revision,
        {
            **{name: getattr(product, name) for name in _PRODUCT},
            "units": [unit.model_dump() for unit in product.units],
            "unpriced": product.pricing == "matrix" and not product.price,
        },
    )
