"""Products and their units, warehouses and suppliers: made, edited, found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.inventory.domain.catalogue import Place, PlaceKind, Product, Warehouse, edited
from services.inventory.domain.costing import KOPECK
from services.inventory.domain.markup import Matrix
from services.inventory.domain.pages import Rules
from services.inventory.domain.stock import THOUSANDTH, ZERO
from services.inventory.domain.units import units_of
from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, prices, queries, references
from services.inventory.store.references import Labels
from shared.contracts.base import Command, Page
from shared.contracts.inventory import (
    ChangeProduct,
    ChangeSupplier,
    ChangeWarehouse,
    CreateProduct,
    CreateSupplier,
    CreateUnit,
    CreateWarehouse,
    FindProducts,
    GetProduct,
    GetProducts,
    ListSuppliers,
    ListUnits,
    ListWarehouses,
    PlaceSaved,
    ProductSaved,
    ProductView,
    SupplierView,
    UnitSaved,
    UnitView,
    WarehouseView,
)
from shared.contracts.purchasing import GetSuppliers
from shared.edits import named_fields
from shared.handlers import Work
from shared.refusals import Refused
from shared.roles import MAY_SET_COSTING


@handlers.command(CreateProduct)
async def create_product(command: CreateProduct, store: InventoryStore, work: Work) -> ProductView:
    if command.price is None and command.pricing == "fixed":
        raise Refused("price_missing")
    values = {**_fields_of(command), "price": command.price or ZERO}
    known = await references.known_labels(store.connection, values)
    product = Product(id=work.new_id(), **_as_kept(values, known))
    await references.check_unique(store.connection, product, known)
    await references.save_product(
        store.connection, product, known, work.new_id, with_units=len(product.units) > 1
    )
    view = product_view(product, ZERO)
    work.publish(ProductSaved(product=view, created=True))
    return view


@handlers.command(ChangeProduct)
async def change_product(command: ChangeProduct, store: InventoryStore, work: Work) -> ProductView:
    """Its row is locked with those of the batch's parts, whose answers carry its price."""
    before = await references.product(store.connection, command.product_id)
    values = named_fields(command, "product_id")
    names = {"vendor": before.vendor, "group": before.group, "measure": before.measure}
    known = await references.known_labels(store.connection, {**names, **values})
    values = _as_kept(values, known, before)
    await _follow_matrix(before, values, store)
    product, changes = edited(before, values, command.expected_revision)
    view = product_view(product, store.book.available(product.id))
    if changes:
        await references.check_unique(store.connection, product, known)
        await references.save_product(
            store.connection,
            product,
            known,
            work.new_id,
            with_units=product.units[1:] != before.units[1:],
        )
        store.book.prices[product.id] = product.price
        work.publish(ProductSaved(product=view, created=False, changes=changes))
    return view


async def _follow_matrix(before: Product, values: dict[str, Any], store: InventoryStore) -> None:
    """The price of what has been bought is the matrix's, if that has a rule for it.
    Refused: ``price_by_matrix``."""
    if values.get("pricing", before.pricing) != "matrix" or not _OF_MATRIX & values.keys():
        return
    cost = await prices.last_cost(store.connection, before.id)
    if cost is None:
        return
    matrix = Matrix((await prices.held_matrix(store.connection)).rules)
    price = matrix.price(
        cost, values.get("group", before.group), values.get("vendor", before.vendor)
    )
    if price is not None:
        if values.get("price", price) != price:
            raise Refused("price_by_matrix")
        values["price"] = price


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


_OF_MATRIX = frozenset({"pricing", "group", "vendor", "price"})


def product_view(product: Product, available: Decimal) -> ProductView:
    return ProductView(**_fields_of(product), available=available)


def _fields_of(thing: Command[Any] | Product) -> dict[str, Any]:
    """By name, as they are: nothing within them is taken apart."""
    names = Product.__dataclass_fields__ if isinstance(thing, Product) else type(thing).model_fields
    return {name: getattr(thing, name) for name in names}


def _as_kept(
    values: Mapping[str, Any], known: Labels, before: Product | None = None
) -> dict[str, Any]:
    """Numbers with all their digits, and labels as they were first written."""
    kept = dict(values)
    for field, step in (("price", KOPECK), ("min_stock", THOUSANDTH)):
        if isinstance(number := kept.get(field), Decimal):
            kept[field] = number.quantize(step)
    for kind in ("vendor", "group"):
        if label := known.get(kind, kept.get(kind)):
            kept[kind] = label.name
    if "measure" in kept or "units" in kept:
        _name_units(kept, known, before)
    return kept


def _name_units(kept: dict[str, Any], known: Labels, before: Product | None) -> None:
    """A product's units with their names; those that the values leave out stay."""
    measure = kept.get("measure", before and before.measure)
    named = kept.get("units", ())
    if measure is None or named is None:
        return  # an edit that clears what it cannot: refused as such
    others = [known.unit(unit.measure, unit.factor) for unit in named]
    if before and "units" not in kept:
        others = list(before.units[1:])
    main = known.unit(measure)
    kept |= {"measure": main.short_name, "units": units_of(main, others)}


# --- units of measure ----------------------------------------------------------------------------


@handlers.command(CreateUnit)
async def create_unit(command: CreateUnit, store: InventoryStore, work: Work) -> UnitView:
    unit = UnitView(id=work.new_id(), name=command.name, short_name=command.short_name)
    await references.add_unit(store.connection, unit)
    work.publish(UnitSaved(unit=unit))
    return unit


@handlers.question(ListUnits)
async def list_units(question: ListUnits, store: InventoryStore, work: Work) -> Page[UnitView]:
    return await queries.units(store.connection, question)


# --- warehouses and suppliers --------------------------------------------------------------------


@handlers.command(CreateWarehouse)
async def create_warehouse(
    command: CreateWarehouse, store: InventoryStore, work: Work
) -> WarehouseView:
    _check_may_set_costing(command, work)
    warehouse = Warehouse(
        work.new_id(),
        command.name,
        costing=command.costing,
        may_be_negative=command.may_be_negative,
    )
    return _ruled(await _create("warehouse", warehouse, store, work), store)


@handlers.command(ChangeWarehouse)
async def change_warehouse(
    command: ChangeWarehouse, store: InventoryStore, work: Work
) -> WarehouseView:
    _check_may_set_costing(command, work)
    return _ruled(await _change("warehouse", command.warehouse_id, command, store, work), store)


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
    return _supplier(await _create("supplier", Place(work.new_id(), command.name), store, work))


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


@handlers.question(GetSuppliers)
async def get_suppliers(
    question: GetSuppliers, store: InventoryStore, work: Work
) -> Page[SupplierView]:
    found = await references.places(store.connection, "supplier", question.supplier_ids)
    return Page(items=tuple(map(_supplier, found)))


async def _create(kind: PlaceKind, place: Place, store: InventoryStore, work: Work) -> Place:
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
    values = named_fields(command, f"{kind}_id")
    place, changes = edited(before, values, command.expected_revision)
    if changes:
        await references.save_place(store.connection, kind, place)
        work.publish(
            PlaceSaved(kind=kind, id=place.id, name=place.name, created=False, changes=changes)
        )
    return place


def _check_may_set_costing(command: CreateWarehouse | ChangeWarehouse, work: Work) -> None:
    named = command.model_fields_set & {"costing", "may_be_negative"}
    if named and work.actor.role not in MAY_SET_COSTING:
        raise Refused("forbidden")


def _ruled(place: Place, store: InventoryStore) -> WarehouseView:
    """Goods that move later in the transaction move by these rules: the book read older ones."""
    saved = _warehouse(place)
    store.book.rules[saved.id] = Rules(saved.costing, saved.may_be_negative)
    return saved


def _warehouse(place: Place) -> WarehouseView:
    return WarehouseView(**asdict(place))


def _supplier(place: Place) -> SupplierView:
    return SupplierView(**asdict(place))
