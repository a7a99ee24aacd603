"""Products with their vendors, groups and measures, warehouses and suppliers in the database.

They change seldom, so each change is written at once, unlike the stock book.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.catalogue import (
    LABEL_KINDS,
    LabelKind,
    Place,
    PlaceKind,
    Product,
    Warehouse,
    name_key,
    part_key,
)
from services.inventory.domain.units import MAIN
from services.inventory.store import barcodes
from services.inventory.store.tables import (
    labels,
    product_units,
    products,
    stock,
    suppliers,
    warehouses,
)
from shared.contracts.inventory import ProductUnit, ProductView, UnitView
from shared.refusals import Refused

PLACES: Mapping[PlaceKind, Table] = {"warehouse": warehouses, "supplier": suppliers}
_PLACE_CLASSES: Mapping[PlaceKind, type[Place]] = {"warehouse": Warehouse, "supplier": Place}

_vendor, _group, _measure = (labels.alias(kind) for kind in LABEL_KINDS)
_AVAILABLE = (
    select(func.coalesce(func.sum(stock.c.on_hand + stock.c.missing - stock.c.reserved), 0))
    .where(stock.c.product_id == products.c.id)
    .scalar_subquery()
)
_unit = labels.alias("unit")
_UNITS = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_object(
                    "name",
                    _unit.c.name,
                    "short_name",
                    _unit.c.short_name,
                    "factor",
                    # As text: JSON's own numbers would not stay exact on their way.
                    cast(func.trim_scale(product_units.c.factor), Text),
                ),
                product_units.c.factor,
                _unit.c.name,
            )
        )
    )
    .join_from(product_units, _unit, _unit.c.id == product_units.c.unit_id)
    .where(product_units.c.product_id == products.c.id)
    .scalar_subquery()
)
PLACES_OF_PRODUCT = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_object(
                    "warehouse_id",
                    warehouses.c.id,
                    "warehouse",
                    warehouses.c.name,
                    "on_hand",
                    cast(stock.c.on_hand, Text),
                    "available",
                    cast(stock.c.on_hand - stock.c.reserved, Text),
                ),
                warehouses.c.id,
            )
        )
    )
    .join_from(stock, warehouses, warehouses.c.id == stock.c.warehouse_id)
    .where(stock.c.product_id == products.c.id)
    .scalar_subquery()
)
PRODUCTS: Select[Any] = (
    select(
        products.c.id,
        products.c.name,
        products.c.oem,
        _vendor.c.name.label("vendor"),
        _group.c.name.label("group"),
        _measure.c.short_name.label("measure"),
        _measure.c.name.label("measure_name"),
        products.c.price,
        products.c.barcode,
        products.c.min_stock,
        products.c.comment,
        products.c.active,
        products.c.revision,
        products.c.warranty_days,
        products.c.warranty_km,
        products.c.pricing,
        products.c.no_discount,
        products.c.search_name,
        _AVAILABLE.label("available"),
        cast(_UNITS, JSONB).label("other_units"),
    )
    .join(_measure, _measure.c.id == products.c.measure_id)
    .outerjoin(_vendor, _vendor.c.id == products.c.vendor_id)
    .outerjoin(_group, _group.c.id == products.c.group_id)
)


@dataclass(frozen=True, slots=True)
class Label:
    """A vendor, group or measure; written as it was the first time. A measure has a short name
    too, which is what products show."""

    id: UUID
    name: str
    short_name: str | None = None


class Labels:
    """The labels that names mean already."""

    def __init__(self, rows: Iterable[Row[Any]] = ()) -> None:
        self._by_key: dict[tuple[str, str], Label] = {}
        for row in rows:
            label = Label(row.id, row.name, row.short_name)
            for key in {row.key, row.short_key or row.key}:
                self._by_key[row.kind, key] = label

    def get(self, kind: LabelKind, name: str | None) -> Label | None:
        return self._by_key.get((kind, name_key(name))) if name else None

    def unit(self, name: str, factor: Decimal = MAIN) -> ProductUnit:
        """A unit that nobody has named yet is called by the name it has here."""
        label = self.get("measure", name)
        return ProductUnit(
            name=label.name if label else name,
            short_name=(label and label.short_name) or name,
            factor=factor,
        )


# --- products ----------------------------------------------------------------------------------


def product_view(row: Row[Any]) -> ProductView:
    main = ProductUnit(name=row.measure_name, short_name=row.measure, factor=MAIN)
    others = tuple(map(ProductUnit.model_validate, row.other_units or ()))
    return ProductView.model_validate({**row._mapping, "units": (main, *others)})


async def shown_product(connection: AsyncConnection, product_id: UUID) -> ProductView:
    """Refused: ``product_not_found``."""
    row = (await connection.execute(PRODUCTS.where(products.c.id == product_id))).one_or_none()
    if row is None:
        raise Refused("product_not_found", id=product_id)
    return product_view(row)


async def shown_products(connection: AsyncConnection, ids: Iterable[UUID]) -> list[ProductView]:
    """Those that there are, by id."""
    query = PRODUCTS.where(products.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    rows = await connection.execute(query.order_by(products.c.id), {"ids": sorted(ids)})
    return [product_view(row) for row in rows]


async def product(connection: AsyncConnection, product_id: UUID) -> Product:
    """Refused: ``product_not_found``."""
    view = await shown_product(connection, product_id)
    return Product(**{field: getattr(view, field) for field in Product.__dataclass_fields__})


async def known_labels(connection: AsyncConnection, values: Mapping[str, Any]) -> Labels:
    """What the names of a product's fields (vendor, group, measure, units) mean already."""
    named = [(kind, values.get(kind)) for kind in LABEL_KINDS]
    named += [("measure", unit.measure) for unit in values.get("units") or ()]
    wanted = [(kind, name_key(name)) for kind, name in named if name]
    found = await connection.execute(
        select(labels).where(
            or_(
                tuple_(labels.c.kind, labels.c.key).in_(wanted),
                tuple_(labels.c.kind, labels.c.short_key).in_(wanted),
            )
        )
    )
    return Labels(found)


async def check_unique(connection: AsyncConnection, item: Product, known: Labels) -> None:
    """Refused: ``barcode_taken``; ``product_exists`` (same vendor and part number)."""
    others = select(products.c.id).where(products.c.id != item.id).limit(1)
    if item.barcode:
        await barcodes.refuse_taken(connection, item.barcode, item.id)
    oem_key = part_key(item.oem) if item.oem else None
    vendor = known.get("vendor", item.vendor)
    if oem_key is None or (item.vendor and vendor is None):
        return  # a vendor who is not known yet has no products
    vendor_id = vendor.id if vendor else None
    same_vendor = products.c.vendor_id.is_not_distinct_from(vendor_id)
    if await connection.scalar(others.where(products.c.oem_key == oem_key, same_vendor)):
        raise Refused("product_exists", vendor=item.vendor or "", oem=item.oem)


async def save_product(
    connection: AsyncConnection,
    item: Product,
    known: Labels,
    new_id: Callable[[], UUID],
    *,
    with_units: bool,
) -> None:
    """Inserts revision 1, updates any other; makes the labels that are new."""
    row = {field: getattr(item, field) for field in Product.__dataclass_fields__}
    units = row.pop("units")
    for kind in LABEL_KINDS:
        name = row.pop(kind)
        row[f"{kind}_id"] = name and await _label_id(connection, kind, name, known, new_id)
    row["search_name"] = name_key(item.name)
    row["oem_key"] = part_key(item.oem) if item.oem else None
    before = await connection.scalar(select(products.c.barcode).where(products.c.id == item.id))
    await _save(connection, products, row)
    await barcodes.replace_first(connection, item.id, before, item.barcode)
    if with_units:
        await connection.execute(delete(product_units).where(product_units.c.product_id == item.id))
        for unit in units[1:]:
            unit_id = await _label_id(connection, "measure", unit.name, known, new_id)
            await connection.execute(
                insert(product_units).values(
                    product_id=item.id, unit_id=unit_id, factor=unit.factor
                )
            )


async def _label_id(
    connection: AsyncConnection,
    kind: LabelKind,
    name: str,
    known: Labels,
    new_id: Callable[[], UUID],
) -> UUID:
    if label := known.get(kind, name):
        return label.id
    short = {"short_name": name, "short_key": name_key(name)} if kind == "measure" else {}
    made = await connection.execute(
        insert_or_not(labels)
        .values(id=new_id(), kind=kind, name=name, key=name_key(name), **short)
        .on_conflict_do_nothing()
        .returning(labels.c.id)
    )
    label_id: UUID | None = made.scalar_one_or_none()
    if label_id is None:  # another process was faster, and has committed
        now_known = (await known_labels(connection, {kind: name})).get(kind, name)
        assert now_known
        label_id = now_known.id
    return label_id


async def unit_id(connection: AsyncConnection, name: str) -> UUID:
    """Of a unit that there is."""
    label = (await known_labels(connection, {"measure": name})).get("measure", name)
    assert label
    return label.id


async def add_unit(connection: AsyncConnection, unit: UnitView) -> None:
    """Refused: ``name_taken``."""
    for name in (unit.name, unit.short_name):
        if (await known_labels(connection, {"measure": name})).get("measure", name):
            raise Refused("name_taken", name=name)
    await connection.execute(
        insert(labels).values(
            **unit.model_dump(),
            kind="measure",
            key=name_key(unit.name),
            short_key=name_key(unit.short_name),
        )
    )


# --- warehouses and suppliers --------------------------------------------------------------------


def selected(kind: PlaceKind) -> Select[Any]:
    """What ``placed`` makes one of."""
    table = PLACES[kind]
    return select(*(table.c[name] for name in _PLACE_CLASSES[kind].__dataclass_fields__))


def placed(kind: PlaceKind, row: Row[Any]) -> Place:
    return _PLACE_CLASSES[kind](**row._mapping)


async def place(
    connection: AsyncConnection, kind: PlaceKind, place_id: UUID, *, lock: bool = False
) -> Place:
    """Refused: ``warehouse_not_found``, ``supplier_not_found``."""
    query = selected(kind).where(PLACES[kind].c.id == place_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise Refused(f"{kind}_not_found", id=place_id)
    return placed(kind, row)


async def places(connection: AsyncConnection, kind: PlaceKind, ids: Iterable[UUID]) -> list[Place]:
    """Those that there are, by id."""
    table = PLACES[kind]
    query = (
        select(table.c.id, table.c.name, table.c.revision)
        .where(table.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
        .order_by(table.c.id)
    )
    rows = await connection.execute(query, {"ids": sorted(ids)})
    return [Place(**row._mapping) for row in rows]


async def save_place(connection: AsyncConnection, kind: PlaceKind, item: Place) -> None:
    """Inserts revision 1, updates any other. Refused: ``name_taken``."""
    table = PLACES[kind]
    key = name_key(item.name)
    taken = select(table.c.id).where(table.c.key == key, table.c.id != item.id)
    if await connection.scalar(taken):
        raise Refused("name_taken", name=item.name)
    await _save(connection, table, {**asdict(item), "key": key})


async def _save(connection: AsyncConnection, table: Table, row: dict[str, Any]) -> None:
    if row["revision"] == 1:
        await connection.execute(insert(table).values(row))
    else:
        await connection.execute(update(table).where(table.c.id == row["id"]).values(row))
