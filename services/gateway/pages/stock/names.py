"""What people call the things that messages name by their ids."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.gateway.pages.names import in_parts, orders_named, people_named, products_named
from services.gateway.pages.request import PageRequest
from shared.contracts.base import Page, Question
from shared.contracts.inventory import (
    ListSuppliers,
    ListWarehouses,
    ProductView,
    SupplierView,
    WarehouseView,
)
from shared.contracts.order_reports import OrderName
from shared.contracts.purchasing import GetSuppliers

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Names:
    """By their ids, those that were asked for."""

    warehouses: Mapping[UUID, WarehouseView]
    suppliers: Mapping[UUID, SupplierView]
    products: Mapping[UUID, ProductView]
    orders: Mapping[UUID, OrderName]
    people: Mapping[str, str]
    """By login."""

    def warehouse(self, warehouse_id: UUID) -> str:
        return self.warehouses[warehouse_id].name if warehouse_id in self.warehouses else "—"

    def supplier(self, supplier_id: UUID | None) -> str:
        known = self.suppliers.get(supplier_id) if supplier_id else None
        return known.name if known else "—"

    def product(self, product_id: UUID) -> str:
        return self.products[product_id].name if product_id in self.products else "—"

    def measure(self, product_id: UUID) -> str:
        return self.products[product_id].measure if product_id in self.products else ""


async def names_of(
    request: PageRequest,
    *,
    suppliers: Iterable[UUID | None] = (),
    products: Iterable[UUID] = (),
    orders: Iterable[UUID | None] = (),
    people: Iterable[str] = (),
) -> Names:
    """The warehouses, all of them, and what else is asked for; one question for each kind."""
    warehouses, named_suppliers, named_products, named_orders, named_people = await asyncio.gather(
        all_warehouses(request),
        in_parts(request, suppliers, lambda part: GetSuppliers(supplier_ids=part)),
        products_named(request, products),
        orders_named(request, orders),
        people_named(request, people),
    )
    return Names(
        {each.id: each for each in warehouses},
        {each.id: each for page in named_suppliers for each in page.items},
        named_products,
        named_orders,
        named_people,
    )


async def every[ItemT](request: PageRequest, question: Question[Page[ItemT]]) -> tuple[ItemT, ...]:
    """All pages of a short list."""
    items: list[ItemT] = []
    cursor: str | None = None
    while True:
        asked = question.model_copy(update={"cursor": cursor}) if cursor else question
        page = await request.ask(asked)
        items += page.items
        cursor = page.next
        if cursor is None:
            return tuple(items)


async def all_suppliers(request: PageRequest) -> tuple[SupplierView, ...]:
    suppliers = await every(request, ListSuppliers(limit=AT_ONCE))
    return tuple(sorted(suppliers, key=lambda supplier: supplier.name.casefold()))


async def all_warehouses(request: PageRequest) -> tuple[WarehouseView, ...]:
    return await every(request, ListWarehouses(limit=AT_ONCE))
