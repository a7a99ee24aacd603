"""What the documents of the storekeeper begin with: goods as they were entered, in main units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from services.inventory.domain.stock import THOUSANDTH
from services.inventory.domain.storekeeping import Goods
from services.inventory.domain.transfers import Transfer
from services.inventory.domain.units import MAIN, in_main_units, unit_named
from services.inventory.domain.write_offs import WriteOff
from services.inventory.store import InventoryStore, references
from shared.contracts.inventory import ProductView
from shared.contracts.stock_documents import StockLine
from shared.handlers import Work
from shared.refusals import Refused


async def goods_of(
    lines: Iterable[StockLine], store: InventoryStore
) -> tuple[list[Goods], dict[UUID, str]]:
    """The lines in main units, and the products' names.

    Refused: ``product_not_found``, ``unit_unknown``, ``quantity_not_exact``.
    """
    lines = tuple(lines)
    products = await products_of((line.product_id for line in lines), store)
    goods = []
    for line in lines:
        product = products.get(line.product_id)
        if product is None:
            raise Refused("product_not_found", id=line.product_id)
        factor = unit_named(product, line.measure).factor if line.measure else MAIN
        quantity = in_main_units(line.quantity.quantize(THOUSANDTH), factor)
        goods.append(Goods(line.product_id, quantity))
    return goods, _names(products)


async def products_of(ids: Iterable[UUID], store: InventoryStore) -> dict[UUID, ProductView]:
    shown = await references.shown_products(store.connection, set(ids))
    return {product.id: product for product in shown}


async def names_in(
    documents: Iterable[Transfer | WriteOff], store: InventoryStore
) -> dict[UUID, str]:
    """Of every product in these documents."""
    ids = {product_id for document in documents for product_id in document.product_ids}
    return _names(await products_of(ids, store))


def _names(products: Mapping[UUID, ProductView]) -> dict[UUID, str]:
    return {product.id: product.name for product in products.values()}


def new_ids(work: Work) -> Iterator[UUID]:
    while True:
        yield work.new_id()
