"""Lists: what questions are answered with. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    Uuid,
    and_,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import Subquery

from services.inventory.domain.catalogue import Place, PlaceKind, name_key, part_key
from services.inventory.domain.costing import kopecks
from services.inventory.domain.purchase import OPEN
from services.inventory.domain.stock import CHANGES_ON_HAND, CHANGES_RESERVED, ZERO
from services.inventory.store.barcodes import with_barcode
from services.inventory.store.part_numbers import with_number
from services.inventory.store.references import PLACES, PRODUCTS, placed, product_view, selected
from services.inventory.store.tables import (
    labels,
    movements,
    products,
    receipts,
    stock,
    warehouses,
)
from services.inventory.store.tables_cells import cells, home_cells
from services.inventory.store.tables_documents import counts, transfers, write_offs
from services.inventory.store.tables_purchasing import (
    MISSING,
    purchase_order_lines,
    purchase_orders,
    supplier_returns,
)
from shared.contracts.base import Instant, Page, Period
from shared.contracts.costing import MayBeMissing, WhatMayBeMissing
from shared.contracts.inventory import (
    FindProducts,
    GetStock,
    ListMovements,
    ListUnits,
    MovementView,
    ProductView,
    StockView,
    UnitView,
)
from shared.pagination import by_id, keys_of, newest_first, page_of
from shared.refusals import Refused
from shared.rollups import within

COMING = (
    select(
        purchase_order_lines.c.product_id,
        purchase_orders.c.warehouse_id,
        func.sum(MISSING).label("incoming"),
    )
    .join(purchase_orders, purchase_orders.c.id == purchase_order_lines.c.purchase_order_id)
    .where(purchase_orders.c.state.in_(OPEN), MISSING > 0)
    .group_by(purchase_order_lines.c.product_id, purchase_orders.c.warehouse_id)
    .subquery("coming")
)
"""What suppliers are to bring, per product and warehouse."""
_DOCUMENT = func.coalesce(
    *(
        select(table.c.number).where(table.c.id == movements.c.document_id).scalar_subquery()
        for table in (receipts, supplier_returns, transfers, write_offs, counts)
    )
)
_FIGURES = ("on_hand", "reserved", "value")


async def find_products(connection: AsyncConnection, question: FindProducts) -> Page[ProductView]:
    """By name."""
    query = PRODUCTS.order_by(products.c.search_name, products.c.id).limit(question.limit + 1)
    if question.q:
        query = query.where(matches(question.q))
    if question.cursor:
        name, product_id = keys_of(question.cursor, tuple[str, UUID])
        after = tuple_(literal(name, Text), literal(product_id, Uuid))
        query = query.where(tuple_(products.c.search_name, products.c.id) > after)
    rows = (await connection.execute(query)).all()
    return page_of(rows, question.limit, product_view, lambda row: (row.search_name, row.id))


def matches(q: str) -> ColumnElement[bool]:
    """Every word is a fragment of the name, or all of it is one of the number, or the barcode."""
    by_name = [
        products.c.search_name.contains(word, autoescape=True) for word in name_key(q).split()
    ]
    number = part_key(q)
    by_number = (
        [products.c.oem_key.contains(number), products.c.id.in_(with_number(number))]
        if number
        else []
    )
    return or_(and_(true(), *by_name), *by_number, products.c.id.in_(with_barcode(q)))


async def units(connection: AsyncConnection, question: ListUnits) -> Page[UnitView]:
    query = select(labels.c.id, labels.c.name, labels.c.short_name, labels.c.key).where(
        labels.c.kind == "measure"
    )
    if question.cursor:
        (key,) = keys_of(question.cursor, tuple[str])
        query = query.where(labels.c.key > key)
    rows = (await connection.execute(query.order_by(labels.c.key).limit(question.limit + 1))).all()
    return page_of(
        rows, question.limit, lambda row: UnitView(**row._mapping), lambda row: (row.key,)
    )


async def places[ViewT](
    connection: AsyncConnection,
    kind: PlaceKind,
    limit: int,
    cursor: str | None,
    view: Callable[[Place], ViewT],
) -> Page[ViewT]:
    """The oldest first: the order in which warehouses are drawn from."""
    table = PLACES[kind]
    query = by_id(selected(kind), table.c.id, cursor, limit)
    rows = (await connection.execute(query)).all()
    return page_of(rows, limit, lambda row: view(placed(kind, row)), lambda row: (row.id,))


# --- documents and stock -------------------------------------------------------------------------


async def list_movements(
    connection: AsyncConnection, question: ListMovements
) -> Page[MovementView]:
    """Newest first: of a product as they lie in its index, else by ids, which grow with time."""
    query = select(movements, _DOCUMENT.label("document"), warehouses.c.name.label("warehouse"))
    query = query.join(warehouses, warehouses.c.id == movements.c.warehouse_id)
    for column in ("product_id", "warehouse_id", "order_id"):
        if value := getattr(question, column):
            query = query.where(movements.c[column] == value)
    query = query.where(within(movements.c.at, Period(start=question.start, end=question.end)))
    if question.product_id:
        order = (movements.c.at, movements.c.id)
        if question.cursor:
            at, last_id = keys_of(question.cursor, tuple[Instant, UUID])
            after = tuple_(literal(at, movements.c.at.type), literal(last_id, Uuid))
            query = query.where(tuple_(*order) < after)
        query = query.order_by(*(each.desc() for each in order)).limit(question.limit + 1)
    else:
        query = newest_first(query, movements.c.id, question.cursor, question.limit)
    return page_of(
        (await connection.execute(query)).all(),
        question.limit,
        lambda row: MovementView(**row._mapping),
        lambda row: (row.at, row.id) if question.product_id else (row.id,),
    )


async def get_stock(
    connection: AsyncConnection, question: GetStock, *, with_value: bool
) -> Page[StockView]:
    """Also of what is only on its way; of the past that is not known any more, and so none.

    Refused: ``product_not_found``, ``warehouse_not_found``.
    """
    figures = _with_figures(select(stock.c.product_id, stock.c.warehouse_id), question.at)
    there = _asked(figures, stock, question)
    on_its_way = select(COMING).where(literal(question.at is None))
    coming = _asked(on_its_way, COMING, question)
    product_id = func.coalesce(there.c.product_id, coming.c.product_id)
    warehouse_id = func.coalesce(there.c.warehouse_id, coming.c.warehouse_id)
    query = (
        select(
            product_id.label("product_id"),
            warehouse_id.label("warehouse_id"),
            *(func.coalesce(there.c[name], 0).label(name) for name in _FIGURES),
            func.coalesce(coming.c.incoming, 0).label("incoming"),
            cells.c.name.label("cell"),
        )
        .select_from(
            there.outerjoin(
                coming,
                (coming.c.product_id == there.c.product_id)
                & (coming.c.warehouse_id == there.c.warehouse_id),
                full=True,
            )
            .outerjoin(
                home_cells,
                (home_cells.c.product_id == product_id)
                & (home_cells.c.warehouse_id == warehouse_id),
            )
            .outerjoin(cells, cells.c.id == home_cells.c.cell_id)
        )
        .order_by(product_id, warehouse_id)
    )
    rows = (await connection.execute(query.limit(question.limit + 1))).all()
    if not rows and not question.cursor:
        return await _nothing_moved_yet(connection, question, with_value=with_value)
    return page_of(
        rows,
        question.limit,
        lambda row: StockView(**_figures(row._mapping, with_value)),
        lambda row: (row.product_id, row.warehouse_id),
    )


def _asked(query: Select[Any], rows: Any, question: GetStock) -> Subquery:
    """Those of the rows by product and warehouse that the question is about."""
    if question.product_id:
        query = query.where(rows.c.product_id == question.product_id)
    if question.warehouse_id:
        query = query.where(rows.c.warehouse_id == question.warehouse_id)
    if question.cursor:
        product_id, warehouse_id = keys_of(question.cursor, tuple[UUID, UUID])
        after = tuple_(literal(product_id, Uuid), literal(warehouse_id, Uuid))
        query = query.where(tuple_(rows.c.product_id, rows.c.warehouse_id) > after)
    return query.subquery()


async def _nothing_moved_yet(
    connection: AsyncConnection, question: GetStock, *, with_value: bool
) -> Page[StockView]:
    for table, asked, code in (
        (products, question.product_id, "product_not_found"),
        (warehouses, question.warehouse_id, "warehouse_not_found"),
    ):
        if asked and not await connection.scalar(select(table.c.id).where(table.c.id == asked)):
            raise Refused(code, id=asked)
    if not (question.product_id and question.warehouse_id):
        return Page(items=())
    home = select(cells.c.name).join(home_cells, home_cells.c.cell_id == cells.c.id)
    view = StockView(
        product_id=question.product_id,
        warehouse_id=question.warehouse_id,
        on_hand=ZERO,
        reserved=ZERO,
        available=ZERO,
        value=kopecks(ZERO) if with_value else None,
        cell=await connection.scalar(
            home.where(
                home_cells.c.product_id == question.product_id,
                home_cells.c.warehouse_id == question.warehouse_id,
            )
        ),
    )
    return Page(items=(view,))


async def what_may_be_missing(
    connection: AsyncConnection, question: WhatMayBeMissing
) -> Page[MayBeMissing]:
    """Where the book would issue each product from: where it has ever lain, then the oldest."""
    query = (
        select(products.c.id.label("product_id"), warehouses.c.id.label("warehouse_id"))
        .ext(distinct_on(products.c.id))
        .join(warehouses, warehouses.c.may_be_negative)
        .outerjoin(
            stock,
            (stock.c.product_id == products.c.id) & (stock.c.warehouse_id == warehouses.c.id),
        )
        .where(products.c.id.in_(question.product_ids))
        .order_by(products.c.id, stock.c.product_id.is_(None), warehouses.c.id)
    )
    rows = await connection.execute(query)
    return Page(items=tuple(MayBeMissing(**row._mapping) for row in rows))


def _with_figures(query: Select[Any], at: datetime | None) -> Select[Any]:
    """On hand, reserved and value of each stock row, now or just before an instant.

    The past is what there is now less what has happened since: movements are never edited, and
    carry the cost of what they moved. What happened since is found at the end of an index.
    """
    if at is None:
        return query.add_columns(*(stock.c[name] for name in _FIGURES))
    quantity = movements.c.quantity
    since = (
        select(
            func.sum(quantity).filter(movements.c.kind.in_(CHANGES_ON_HAND)).label("on_hand"),
            func.sum(quantity).filter(movements.c.kind.in_(CHANGES_RESERVED)).label("reserved"),
            func.sum(movements.c.value).label("value"),
        )
        .where(
            movements.c.product_id == stock.c.product_id,
            movements.c.warehouse_id == stock.c.warehouse_id,
            movements.c.at >= at,
        )
        .lateral("since")
    )
    return (
        query.add_columns(
            *((stock.c[name] - func.coalesce(since.c[name], 0)).label(name) for name in _FIGURES)
        )
        .join(since, true())
        .where(stock.c.since < at)
    )


def _figures(row: Any, with_value: bool) -> dict[str, Any]:
    return {
        **row,
        "available": row["on_hand"] - row["reserved"],
        "value": kopecks(row["value"]) if with_value else None,
    }
