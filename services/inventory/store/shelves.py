"""The stock as people look for it: products with where they lie, by delivery, and who waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy import tuple_ as row_of
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.catalogue import name_key
from services.inventory.domain.costing import kopecks
from services.inventory.domain.stock import ZERO
from services.inventory.store.queries import COMING, matches
from services.inventory.store.references import PRODUCTS, place, product_view
from services.inventory.store.tables import (
    Instant,
    labels,
    lots,
    products,
    receipts,
    requests,
    stock,
    suppliers,
    warehouses,
)
from services.inventory.store.tables_cells import cells, home_cells
from services.inventory.store.tables_purchasing import purchase_order_lines, purchase_orders
from shared.contracts.base import Page
from shared.contracts.shelves import (
    CatalogueName,
    FindStock,
    ListCatalogueNames,
    ListLots,
    ListWaiting,
    LotView,
    ShelfPlace,
    ShelfView,
    WaitingView,
)
from shared.pagination import keys_of, page_of
from shared.refusals import Refused

_HERE = stock.c.product_id == products.c.id
_AVAILABLE = (
    select(func.coalesce(func.sum(stock.c.on_hand - stock.c.reserved), 0))
    .where(_HERE)
    .scalar_subquery()
)
_WAITED_FOR = (
    select(func.coalesce(func.sum(requests.c.short), 0))
    .where(requests.c.product_id == products.c.id, requests.c.short > 0)
    .scalar_subquery()
)
_BELOW = func.coalesce(products.c.min_stock > _AVAILABLE, False)


async def find(
    connection: AsyncConnection, question: FindStock, *, with_cost: bool
) -> Page[ShelfView]:
    """By name; two statements, however many there are. Refused: ``warehouse_not_found``."""
    if question.warehouse_id:
        await place(connection, "warehouse", question.warehouse_id)
    query = (
        PRODUCTS.add_columns(
            products.c.last_cost, _WAITED_FOR.label("waiting"), _BELOW.label("below")
        )
        .where(*_asked(question))
        .order_by(products.c.search_name, products.c.id)
    )
    if question.cursor:
        name, product_id = keys_of(question.cursor, tuple[str, UUID])
        after = row_of(literal(name, Text), literal(product_id, Uuid))
        query = query.where(row_of(products.c.search_name, products.c.id) > after)
    rows = (await connection.execute(query.limit(question.limit + 1))).all()
    places = await _places(
        connection,
        [row.id for row in rows[: question.limit]],
        question.warehouse_id,
        with_cost=with_cost,
    )
    return page_of(
        rows,
        question.limit,
        lambda row: _shelf(row, places[row.id], with_cost=with_cost),
        lambda row: (row.search_name, row.id),
    )


def _asked(question: FindStock) -> list[ColumnElement[bool]]:
    there = select(stock.c.product_id).where(_HERE, stock.c.on_hand != 0)
    if question.product_id:
        return [products.c.id == question.product_id]
    conditions: list[ColumnElement[bool]] = [or_(products.c.active, there.exists())]
    if question.q:
        conditions.append(matches(question.q))
    if question.group:
        named = select(labels.c.id).where(
            labels.c.kind == "group", labels.c.key == name_key(question.group)
        )
        conditions.append(products.c.group_id.in_(named))
    if question.warehouse_id:
        conditions.append(_has_to_do_with(question.warehouse_id))
        there = there.where(stock.c.warehouse_id == question.warehouse_id)
    if question.show == "in_stock":
        conditions.append(there.exists())
    elif question.show == "short":
        conditions.append(
            products.c.id.in_(select(requests.c.product_id).where(requests.c.short > 0))
        )
    elif question.show == "below_minimum":
        conditions.append(and_(products.c.active, products.c.min_stock.is_not(None), _BELOW))
    return conditions


def _has_to_do_with(warehouse_id: UUID) -> ColumnElement[bool]:
    return or_(
        *(
            products.c.id.in_(
                select(table.c.product_id).where(table.c.warehouse_id == warehouse_id)
            )
            for table in (stock, home_cells, COMING)
        )
    )


async def _places(
    connection: AsyncConnection,
    product_ids: Collection[UUID],
    warehouse_id: UUID | None,
    *,
    with_cost: bool,
) -> defaultdict[UUID, list[ShelfPlace]]:
    """Of each product, the oldest warehouse first."""
    places: defaultdict[UUID, list[ShelfPlace]] = defaultdict(list)
    for row in await connection.execute(_places_of(product_ids, warehouse_id)):
        places[row.product_id].append(
            ShelfPlace(
                warehouse_id=row.warehouse_id,
                warehouse=row.warehouse,
                cell=row.cell,
                on_hand=row.on_hand,
                reserved=row.reserved,
                available=row.on_hand - row.reserved,
                incoming=row.incoming,
                value=kopecks(row.value) if with_cost else None,
            )
        )
    return places


def _places_of(product_ids: Collection[UUID], warehouse_id: UUID | None) -> Select[Any]:
    figures = ("on_hand", "reserved", "value")
    query = (
        select(
            products.c.id.label("product_id"),
            warehouses.c.id.label("warehouse_id"),
            warehouses.c.name.label("warehouse"),
            cells.c.name.label("cell"),
            *(func.coalesce(stock.c[name], 0).label(name) for name in figures),
            func.coalesce(COMING.c.incoming, 0).label("incoming"),
        )
        .join_from(products, warehouses, true())
        .outerjoin(stock, _HERE & (stock.c.warehouse_id == warehouses.c.id))
        .outerjoin(
            COMING,
            (COMING.c.product_id == products.c.id) & (COMING.c.warehouse_id == warehouses.c.id),
        )
        .outerjoin(
            home_cells,
            (home_cells.c.product_id == products.c.id)
            & (home_cells.c.warehouse_id == warehouses.c.id),
        )
        .outerjoin(cells, cells.c.id == home_cells.c.cell_id)
        .where(
            products.c.id.in_(list(product_ids)),
            or_(
                stock.c.product_id.is_not(None),
                COMING.c.product_id.is_not(None),
                cells.c.id.is_not(None),
            ),
        )
        .order_by(warehouses.c.id)
    )
    return query.where(warehouses.c.id == warehouse_id) if warehouse_id else query


def _shelf(row: Row[Any], places: Sequence[ShelfPlace], *, with_cost: bool) -> ShelfView:
    def total(name: str) -> Decimal:
        return sum((getattr(each, name) for each in places), ZERO)

    return ShelfView(
        product=product_view(row),
        places=tuple(places),
        on_hand=total("on_hand"),
        reserved=total("reserved"),
        available=total("available"),
        incoming=total("incoming"),
        waiting=row.waiting,
        below_minimum=row.below,
        last_cost=row.last_cost if with_cost else None,
    )


# --- one product ---------------------------------------------------------------------------------


async def list_lots(connection: AsyncConnection, question: ListLots) -> Page[LotView]:
    """The oldest first. Refused: ``product_not_found``."""
    await _ensure_known(connection, question.product_id)
    query = (
        select(
            lots.c.id,
            lots.c.warehouse_id,
            warehouses.c.name.label("warehouse"),
            lots.c.received_at,
            lots.c.receipt_id,
            receipts.c.number.label("receipt"),
            suppliers.c.name.label("supplier"),
            lots.c.quantity,
            lots.c.remaining,
            lots.c.unit_cost,
            lots.c.value,
        )
        .join(warehouses, warehouses.c.id == lots.c.warehouse_id)
        .outerjoin(receipts, receipts.c.id == lots.c.receipt_id)
        .outerjoin(suppliers, suppliers.c.id == receipts.c.supplier_id)
        .where(lots.c.product_id == question.product_id, lots.c.remaining > 0)
        .order_by(lots.c.received_at, lots.c.id)
    )
    if question.cursor:
        at, lot_id = keys_of(question.cursor, tuple[AwareDatetime, UUID])
        query = query.where(
            row_of(lots.c.received_at, lots.c.id)
            > row_of(literal(at, Instant), literal(lot_id, Uuid))
        )
    rows = (await connection.execute(query.limit(question.limit + 1))).all()
    return page_of(
        rows,
        question.limit,
        lambda row: LotView(**{**row._mapping, "value": kopecks(row.value)}),
        lambda row: (row.received_at, row.id),
    )


async def list_waiting(connection: AsyncConnection, question: ListWaiting) -> Page[WaitingView]:
    """As they will be served. Refused: ``product_not_found``."""
    await _ensure_known(connection, question.product_id)
    bought = (
        select(purchase_orders.c.number)
        .join(
            purchase_order_lines,
            purchase_order_lines.c.purchase_order_id == purchase_orders.c.id,
        )
        .where(
            purchase_order_lines.c.line_id == requests.c.line_id,
            purchase_orders.c.state != "cancelled",
        )
        .order_by(purchase_orders.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(
            requests.c.order_id,
            requests.c.line_id,
            requests.c.wanted,
            requests.c.short,
            requests.c.requested_at,
            bought.label("purchase_order"),
        )
        .where(requests.c.product_id == question.product_id, requests.c.short > 0)
        .order_by(requests.c.requested_at, requests.c.line_id)
    )
    if question.cursor:
        at, line_id = keys_of(question.cursor, tuple[AwareDatetime, UUID])
        query = query.where(
            row_of(requests.c.requested_at, requests.c.line_id)
            > row_of(literal(at, Instant), literal(line_id, Uuid))
        )
    rows = (await connection.execute(query.limit(question.limit + 1))).all()
    return page_of(
        rows,
        question.limit,
        lambda row: WaitingView(**row._mapping),
        lambda row: (row.requested_at, row.line_id),
    )


async def _ensure_known(connection: AsyncConnection, product_id: UUID) -> None:
    if not await connection.scalar(select(products.c.id).where(products.c.id == product_id)):
        raise Refused("product_not_found", id=product_id)


async def catalogue_names(
    connection: AsyncConnection, question: ListCatalogueNames
) -> Page[CatalogueName]:
    query = select(labels.c.name, labels.c.key).where(labels.c.kind == question.kind)
    if question.cursor:
        (key,) = keys_of(question.cursor, tuple[str])
        query = query.where(labels.c.key > key)
    rows = (await connection.execute(query.order_by(labels.c.key).limit(question.limit + 1))).all()
    return page_of(
        rows, question.limit, lambda row: CatalogueName(name=row.name), lambda row: (row.key,)
    )
