"""Products with their vendors, groups and measures, warehouses and suppliers in the database.

They change seldom, so each change is written at once, unlike the stock book.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Table, func, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.catalogue import (
    LABEL_KINDS,
    LabelKind,
    Place,
    PlaceKind,
    Product,
    name_key,
    part_key,
)
from services.inventory.tables import labels, products, stock, suppliers, warehouses
from shared.contracts.inventory import ProductView
from shared.refusals import Refused

PLACES: Mapping[PlaceKind, Table] = {"warehouse": warehouses, "supplier": suppliers}

_vendor, _group, _measure = (labels.alias(kind) for kind in LABEL_KINDS)
_AVAILABLE = (
    select(func.coalesce(func.sum(stock.c.on_hand - stock.c.reserved), 0))
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
        _measure.c.name.label("measure"),
        products.c.price,
        products.c.barcode,
        products.c.min_stock,
        products.c.comment,
        products.c.active,
        products.c.revision,
        products.c.search_name,
        _AVAILABLE.label("available"),
    )
    .join(_measure, _measure.c.id == products.c.measure_id)
    .outerjoin(_vendor, _vendor.c.id == products.c.vendor_id)
    .outerjoin(_group, _group.c.id == products.c.group_id)
)


@dataclass(frozen=True, slots=True)
class Label:
    """A vendor, group or measure; written as it was the first time."""

    id: UUID
    name: str


type Labels = dict[LabelKind, Label]


# --- products ----------------------------------------------------------------------------------


def product_view(row: Row[Any]) -> ProductView:
    return ProductView.model_validate(row._mapping)


async def shown_product(connection: AsyncConnection, product_id: UUID) -> ProductView:
    """Refused: ``product_not_found``."""
    row = (await connection.execute(PRODUCTS.where(products.c.id == product_id))).one_or_none()
    if row is None:
        raise Refused("product_not_found", id=product_id)
    return product_view(row)


async def shown_products(
    connection: AsyncConnection, product_ids: Sequence[UUID]
) -> list[ProductView]:
    """Those of them that there are."""
    rows = await connection.execute(PRODUCTS.where(products.c.id.in_(product_ids)))
    return list(map(product_view, rows))


async def product(connection: AsyncConnection, product_id: UUID) -> Product:
    """Refused: ``product_not_found``."""
    view = await shown_product(connection, product_id)
    return Product(**view.model_dump(exclude={"available"}))


async def known_labels(connection: AsyncConnection, names: Mapping[str, str | None]) -> Labels:
    """The labels that these names (by kind) mean already, as they were first written."""
    wanted = [(kind, name_key(name)) for kind in LABEL_KINDS if (name := names.get(kind))]
    found = await connection.execute(
        select(labels).where(tuple_(labels.c.kind, labels.c.key).in_(wanted))
    )
    return {row.kind: Label(row.id, row.name) for row in found}


async def check_unique(connection: AsyncConnection, item: Product, known: Labels) -> None:
    """Refused: ``barcode_taken``; ``product_exists`` (same vendor and part number)."""
    others = select(products.c.id).where(products.c.id != item.id).limit(1)
    if item.barcode and await connection.scalar(others.where(products.c.barcode == item.barcode)):
        raise Refused("barcode_taken", barcode=item.barcode)
    oem_key = part_key(item.oem) if item.oem else None
    vendor = known.get("vendor")
    if oem_key is None or (item.vendor and vendor is None):
        return  # a vendor who is not known yet has no products
    vendor_id = vendor.id if vendor else None
    same_vendor = products.c.vendor_id.is_not_distinct_from(vendor_id)
    if await connection.scalar(others.where(products.c.oem_key == oem_key, same_vendor)):
        raise Refused("product_exists", vendor=item.vendor or "", oem=item.oem)


async def save_product(
    connection: AsyncConnection, item: Product, known: Labels, new_id: Callable[[], UUID]
) -> None:
    """Inserts revision 1, updates any other; makes the labels that are new."""
    row = asdict(item)
    for kind in LABEL_KINDS:
        name = row.pop(kind)
        row[f"{kind}_id"] = name and await _label_id(connection, kind, name, known, new_id)
    row["search_name"] = name_key(item.name)
    row["oem_key"] = part_key(item.oem) if item.oem else None
    await _save(connection, products, row)


async def _label_id(
    connection: AsyncConnection,
    kind: LabelKind,
    name: str,
    known: Labels,
    new_id: Callable[[], UUID],
) -> UUID:
    if label := known.get(kind):
        return label.id
    made = await connection.execute(
        insert_or_not(labels)
        .values(id=new_id(), kind=kind, name=name, key=name_key(name))
        .on_conflict_do_nothing()
        .returning(labels.c.id)
    )
    label_id: UUID | None = made.scalar_one_or_none()
    if label_id is None:  # another process was faster, and has committed
        label_id = (await known_labels(connection, {kind: name}))[kind].id
    return label_id


# --- warehouses and suppliers --------------------------------------------------------------------


async def place(
    connection: AsyncConnection, kind: PlaceKind, place_id: UUID, *, lock: bool = False
) -> Place:
    """Refused: ``warehouse_not_found``, ``supplier_not_found``."""
    table = PLACES[kind]
    query = select(table.c.id, table.c.name, table.c.revision).where(table.c.id == place_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise Refused(f"{kind}_not_found", id=place_id)
    return Place(**row._mapping)


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
