"""Products, warehouses and suppliers: made, edited, found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.inventory import queries, references
from services.inventory.catalogue import LABEL_KINDS, Place, PlaceKind, Product, edited
from services.inventory.costing import KOPECK
from services.inventory.domain import THOUSANDTH, ZERO
from services.inventory.handlers.table import handlers
from services.inventory.references import Labels
from services.inventory.store import InventoryStore
from shared.contracts.base import Command, Page
from shared.contracts.inventory import (
    ChangeProduct,
    ChangeSupplier,
    ChangeWarehouse,
    CreateProduct,
    CreateSupplier,
    CreateWarehouse,
    FindProducts,
    GetProduct,
    GetProducts,
    ListSuppliers,
    ListWarehouses,
    PlaceSaved,
    ProductSaved,
    ProductView,
    SupplierView,
    WarehouseView,
)
from shared.handlers import Work


@handlers.command(CreateProduct)
async def create_product(command: CreateProduct, store: InventoryStore, work: Work) -> ProductView:
    values = command.model_dump()
    known = await references.known_labels(store.connection, values)
    product = Product(id=work.new_id(), **_as_kept(values, known))
    await references.check_unique(store.connection, product, known)
    await references.save_product(store.connection, product, known, work.new_id)
    view = ProductView(**asdict(product), available=ZERO)
    work.publish(ProductSaved(product=view, created=True))
    return view


@handlers.command(ChangeProduct)
async def change_product(command: ChangeProduct, store: InventoryStore, work: Work) -> ProductView:
    """Its row is locked with those of the batch's parts, whose answers carry its price."""
    before = await references.product(store.connection, command.product_id)
    values = _named_values(command, "product_id")
    known = await references.known_labels(store.connection, {**asdict(before), **values})
    product, changes = edited(before, _as_kept(values, known), command.expected_revision)
    view = ProductView(**asdict(product), available=store.book.available(product.id))
    if changes:
        await references.check_unique(store.connection, product, known)
        await references.save_product(store.connection, product, known, work.new_id)
        store.book.prices[product.id] = product.price
        work.publish(ProductSaved(product=view, created=False, changes=changes))
    return view


@handlers.question(GetProduct)
async def get_product(question: GetProduct, store: InventoryStore, work: Work) -> ProductView:
    return await references.shown_product(store.connection, question.product_id)


@handlers.question(GetProducts)
async def get_products(
    question: GetProducts, store: InventoryStore, work: Work
) -> Page[ProductView]:
    found = await references.shown_products(store.connection, question.product_ids)
    return Page(items=tuple(found))


@handlers.question(FindProducts)
async def find_products(
    question: FindProducts, store: InventoryStore, work: Work
) -> Page[ProductView]:
    return await queries.find_products(store.connection, question)


def _as_kept(values: Mapping[str, Any], known: Labels) -> dict[str, Any]:
    """Numbers with all their digits, and labels as they were first written."""
    kept = dict(values)
    for field, step in (("price", KOPECK), ("min_stock", THOUSANDTH)):
        if isinstance(number := kept.get(field), Decimal):
            kept[field] = number.quantize(step)
    for kind in LABEL_KINDS:
        if kept.get(kind) and kind in known:
            kept[kind] = known[kind].name
    return kept


# --- warehouses and suppliers --------------------------------------------------------------------


@handlers.command(CreateWarehouse)
async def create_warehouse(
    command: CreateWarehouse, store: InventoryStore, work: Work
) -> WarehouseView:
    return _warehouse(await _create("warehouse", command.name, store, work))


@handlers.command(ChangeWarehouse)
async def change_warehouse(
    command: ChangeWarehouse, store: InventoryStore, work: Work
) -> WarehouseView:
    return _warehouse(await _change("warehouse", command.warehouse_id, command, store, work))


@handlers.question(ListWarehouses)
async def list_warehouses(
    question: ListWarehouses, store: InventoryStore, work: Work
) -> Page[WarehouseView]:
    return await queries.places(
        store.connection, "warehouse", question.limit, question.cursor, _warehouse
    )


@handlers.command(CreateSupplier)
async def create_supplier(
    command: CreateSupplier, store: InventoryStore, work: Work
) -> SupplierView:
    return _supplier(await _create("supplier", command.name, store, work))


@handlers.command(ChangeSupplier)
async def change_supplier(
    command: ChangeSupplier, store: InventoryStore, work: Work
) -> SupplierView:
    return _supplier(await _change("supplier", command.supplier_id, command, store, work))


@handlers.question(ListSuppliers)
async def list_suppliers(
    question: ListSuppliers, store: InventoryStore, work: Work
) -> Page[SupplierView]:
    return await queries.places(
        store.connection, "supplier", question.limit, question.cursor, _supplier
    )


async def _create(kind: PlaceKind, name: str, store: InventoryStore, work: Work) -> Place:
    place = Place(work.new_id(), name)
    await references.save_place(store.connection, kind, place)
    work.publish(PlaceSaved(kind=kind, id=place.id, name=place.name, created=True))
    return place


async def _change(
    kind: PlaceKind,
    place_id: UUID,
    command: ChangeWarehouse | ChangeSupplier,
    store: InventoryStore,
    work: Work,
) -> Place:
    before = await references.place(store.connection, kind, place_id, lock=True)
    values = _named_values(command, f"{kind}_id")
    place, changes = edited(before, values, command.expected_revision)
    if changes:
        await references.save_place(store.connection, kind, place)
        work.publish(
            PlaceSaved(kind=kind, id=place.id, name=place.name, created=False, changes=changes)
        )
    return place


def _named_values(command: Command[Any], id_field: str) -> dict[str, Any]:
    """What an edit names: absent fields stay as they are."""
    return {
        field: getattr(command, field)
        for field in type(command).model_fields
        if field in command.model_fields_set - {id_field, "expected_revision"}
    }


def _warehouse(place: Place) -> WarehouseView:
    return WarehouseView(**asdict(place))


def _supplier(place: Place) -> SupplierView:
    return SupplierView(**asdict(place))
