"""Storage places in the database, which of them is whose home, and what to fetch from them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Row,
    Select,
    Text,
    Uuid,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or_update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.catalogue import Cell, name_key
from services.inventory.store.tables import allocations, labels, products, requests, warehouses
from services.inventory.store.tables_cells import cells, home_cells
from shared.contracts.base import Page
from shared.contracts.costing import (
    CellView,
    HomeCellView,
    ListCells,
    ListHomeCells,
    PickList,
    PickView,
)
from shared.pagination import keys_of, page_of
from shared.refusals import Refused

_CELLS = select(*(cells.c[name] for name in Cell.__dataclass_fields__))


async def cell(connection: AsyncConnection, cell_id: UUID) -> Cell:
    """Locked until the end of the transaction. Refused: ``cell_not_found``."""
    query = _CELLS.where(cells.c.id == cell_id).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise Refused("cell_not_found", id=cell_id)
    return Cell(**row._mapping)


async def save_cell(connection: AsyncConnection, item: Cell) -> None:
    """Inserts revision 1, updates any other. Refused: ``name_taken``, ``barcode_taken``."""
    key = name_key(item.name)
    others = select(cells.c.id).where(cells.c.id != item.id)
    same_name = others.where(cells.c.warehouse_id == item.warehouse_id, cells.c.key == key)
    if await connection.scalar(same_name):
        raise Refused("name_taken", name=item.name)
    if item.barcode and await connection.scalar(others.where(cells.c.barcode == item.barcode)):
        raise Refused("barcode_taken", barcode=item.barcode)
    row = {**asdict(item), "key": key}
    if item.revision == 1:
        await connection.execute(insert(cells).values(row))
    else:
        await connection.execute(update(cells).where(cells.c.id == item.id).values(row))


async def list_cells(connection: AsyncConnection, question: ListCells) -> Page[CellView]:
    """By warehouse and name."""
    query = _CELLS.add_columns(cells.c.key).order_by(cells.c.warehouse_id, cells.c.key)
    if question.warehouse_id:
        query = query.where(cells.c.warehouse_id == question.warehouse_id)
    if question.q:
        by_name = cells.c.key.contains(name_key(question.q), autoescape=True)
        query = query.where(or_(by_name, cells.c.barcode == question.q))
    if question.cursor:
        warehouse_id, key = keys_of(question.cursor, tuple[UUID, str])
        after = tuple_(literal(warehouse_id, Uuid), literal(key, Text))
        query = query.where(tuple_(cells.c.warehouse_id, cells.c.key) > after)
    rows = (await connection.execute(query.limit(question.limit + 1))).all()
    return page_of(
        rows,
        question.limit,
        lambda row: CellView(**row._mapping),
        lambda row: (row.warehouse_id, row.key),
    )


# --- whose home it is ----------------------------------------------------------------------------

_HOMES: Select[Any] = (
    select(
        home_cells.c.product_id,
        products.c.name.label("product"),
        home_cells.c.warehouse_id,
        home_cells.c.cell_id,
        cells.c.name.label("cell"),
    )
    .join(products, products.c.id == home_cells.c.product_id)
    .join(cells, cells.c.id == home_cells.c.cell_id)
)


async def home(
    connection: AsyncConnection, product_id: UUID, warehouse_id: UUID
) -> HomeCellView | None:
    query = _HOMES.where(
        home_cells.c.product_id == product_id, home_cells.c.warehouse_id == warehouse_id
    )
    row = (await connection.execute(query)).one_or_none()
    return _home(row) if row else None


async def set_home(connection: AsyncConnection, home: HomeCellView) -> None:
    if home.cell_id is None:
        await connection.execute(
            delete(home_cells).where(
                home_cells.c.product_id == home.product_id,
                home_cells.c.warehouse_id == home.warehouse_id,
            )
        )
        return
    statement = insert_or_update(home_cells).values(
        product_id=home.product_id, warehouse_id=home.warehouse_id, cell_id=home.cell_id
    )
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(home_cells.primary_key.columns),
            set_={"cell_id": statement.excluded.cell_id},
        )
    )


async def list_homes(connection: AsyncConnection, question: ListHomeCells) -> Page[HomeCellView]:
    """By product and warehouse."""
    query = _HOMES.order_by(home_cells.c.product_id, home_cells.c.warehouse_id)
    for name in ("product_id", "warehouse_id", "cell_id"):
        if value := getattr(question, name):
            query = query.where(home_cells.c[name] == value)
    if question.cursor:
        product_id, warehouse_id = keys_of(question.cursor, tuple[UUID, UUID])
        after = tuple_(literal(product_id, Uuid), literal(warehouse_id, Uuid))
        query = query.where(tuple_(home_cells.c.product_id, home_cells.c.warehouse_id) > after)
    rows = (await connection.execute(query.limit(question.limit + 1))).all()
    return page_of(rows, question.limit, _home, lambda row: (row.product_id, row.warehouse_id))


def _home(row: Row[Any]) -> HomeCellView:
    return HomeCellView(**row._mapping)


# --- what to fetch -------------------------------------------------------------------------------


async def pick_list(connection: AsyncConnection, question: PickList) -> Page[PickView]:
    """By warehouse, its cells, and line; what has no cell comes last."""
    place = func.coalesce(cells.c.key, "\uffff")
    keys = (allocations.c.warehouse_id, place, allocations.c.line_id)
    query: Select[Any] = (
        select(
            allocations.c.line_id,
            requests.c.product_id,
            products.c.name.label("product"),
            products.c.oem,
            labels.c.short_name.label("measure"),
            allocations.c.warehouse_id,
            warehouses.c.name.label("warehouse"),
            cells.c.name.label("cell"),
            allocations.c.reserved.label("quantity"),
            place.label("place"),
        )
        .join(requests, requests.c.line_id == allocations.c.line_id)
        .join(products, products.c.id == requests.c.product_id)
        .join(labels, labels.c.id == products.c.measure_id)
        .join(warehouses, warehouses.c.id == allocations.c.warehouse_id)
        .outerjoin(
            home_cells,
            (home_cells.c.product_id == requests.c.product_id)
            & (home_cells.c.warehouse_id == allocations.c.warehouse_id),
        )
        .outerjoin(cells, cells.c.id == home_cells.c.cell_id)
        .where(requests.c.order_id == question.order_id)
        .order_by(*keys)
    )
    if question.cursor:
        warehouse_id, key, line_id = keys_of(question.cursor, tuple[UUID, str, UUID])
        after = tuple_(literal(warehouse_id, Uuid), literal(key, Text), literal(line_id, Uuid))
        query = query.where(tuple_(*keys) > after)
    rows = (await connection.execute(query.limit(question.limit + 1))).all()
    return page_of(
        rows,
        question.limit,
        lambda row: PickView(**row._mapping),
        lambda row: (row.warehouse_id, row.place, row.line_id),
    )
