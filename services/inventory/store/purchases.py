"""Purchase orders, what of them is for clients, and what clients are to pay for them first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, Uuid, any_, bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.purchase import PurchaseLine, PurchaseOrder
from services.inventory.store.tables import requests
from services.inventory.store.tables_purchasing import (
    prepayments,
    purchase_arrivals,
    purchase_order_lines,
    purchase_orders,
)
from shared.contracts.base import Page
from shared.contracts.purchase_orders import (
    ListPurchaseOrders,
    PurchaseOrderView,
    SpecialOrderLine,
)
from shared.database import saving
from shared.pagination import newest_first, page_of
from shared.refusals import Refused

_LINES = (
    select(purchase_order_lines)
    .where(purchase_order_lines.c.purchase_order_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(purchase_order_lines.c.purchase_order_id, purchase_order_lines.c.place)
)
_SAVE = saving(purchase_orders)
_SAVE_PREPAYMENT = saving(prepayments)
_LINE_FIELDS = tuple(field.name for field in fields(PurchaseLine))
_ORDER_FIELDS = tuple(purchase_orders.columns.keys())
_SPECIAL = (
    select(
        purchase_order_lines.c.order_id,
        purchase_order_lines.c.line_id,
        purchase_order_lines.c.product_id,
        purchase_order_lines.c.purchase_order_id,
        purchase_order_lines.c.main_quantity,
        purchase_order_lines.c.received,
        purchase_orders.c.number,
        purchase_orders.c.state,
        purchase_orders.c.supplier_id,
        purchase_orders.c.expected_on,
    )
    .join(purchase_orders, purchase_orders.c.id == purchase_order_lines.c.purchase_order_id)
    .order_by(purchase_order_lines.c.purchase_order_id, purchase_order_lines.c.place)
)


async def purchase_order(connection: AsyncConnection, order_id: UUID) -> PurchaseOrder:
    """Refused: ``purchase_order_not_found``."""
    query = select(purchase_orders).where(purchase_orders.c.id == order_id)
    rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
    if not rows:
        raise Refused("purchase_order_not_found", id=order_id)
    (found,) = await _with_lines(connection, rows)
    return found


async def save(connection: AsyncConnection, order: PurchaseOrder) -> None:
    """All of it, at once. Whoever changes one has it locked."""
    row = {name: getattr(order, name) for name in _ORDER_FIELDS}
    await connection.execute(_SAVE, row)
    await connection.execute(
        delete(purchase_order_lines).where(purchase_order_lines.c.purchase_order_id == order.id)
    )
    lines = [
        {"purchase_order_id": order.id, "place": place, **asdict(line)}
        for place, line in enumerate(order.lines)
    ]
    await connection.execute(insert(purchase_order_lines), lines)


async def list_purchase_orders(
    connection: AsyncConnection, question: ListPurchaseOrders
) -> Page[PurchaseOrderView]:
    """Newest first."""
    query: Select[Any] = select(purchase_orders)
    if question.state:
        query = query.where(purchase_orders.c.state == question.state)
    if question.supplier_id:
        query = query.where(purchase_orders.c.supplier_id == question.supplier_id)
    page = newest_first(query, purchase_orders.c.id, question.cursor, question.limit)
    rows: Sequence[Row[Any]] = (await connection.execute(page)).all()
    views = {each.id: each.view() for each in await _with_lines(connection, rows)}
    return page_of(rows, question.limit, lambda row: views[row.id], lambda row: (row.id,))


async def arrivals(connection: AsyncConnection, receipt_id: UUID) -> dict[int, Decimal]:
    """How much of which line of its purchase order a receipt brought."""
    query = select(purchase_arrivals).where(purchase_arrivals.c.receipt_id == receipt_id)
    return {row.place: row.quantity for row in await connection.execute(query)}


async def _with_lines(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[PurchaseOrder]:
    lines: defaultdict[UUID, list[PurchaseLine]] = defaultdict(list)
    for row in await connection.execute(_LINES, {"ids": [row.id for row in rows]}):
        values = {name: row._mapping[name] for name in _LINE_FIELDS}
        lines[row.purchase_order_id].append(PurchaseLine(**values))
    return [PurchaseOrder(**row._mapping, lines=tuple(lines[row.id])) for row in rows]


# --- for clients ---------------------------------------------------------------------------------


async def wanting(connection: AsyncConnection, order_id: UUID) -> dict[UUID, Row[Any]]:
    """The lines of an order, as far as the warehouse knows them: product and what is short."""
    query = select(requests).where(requests.c.order_id == order_id)
    return {row.line_id: row for row in await connection.execute(query)}


async def wanted_products(
    connection: AsyncConnection, line_ids: Iterable[UUID]
) -> dict[UUID, tuple[UUID, UUID]]:
    """The order and the product of each of the lines that the warehouse knows."""
    query = select(requests).where(requests.c.line_id.in_(list(line_ids)))
    return {row.line_id: (row.order_id, row.product_id) for row in await connection.execute(query)}


async def specials(connection: AsyncConnection, order_id: UUID) -> list[SpecialOrderLine]:
    """What is or was bought for an order, oldest first."""
    query = _SPECIAL.where(purchase_order_lines.c.order_id == order_id)
    return [SpecialOrderLine(**row._mapping) for row in await connection.execute(query)]


async def required(connection: AsyncConnection, order_ids: Iterable[UUID]) -> dict[UUID, Decimal]:
    """What these orders require, as far as they require anything."""
    query = select(prepayments).where(prepayments.c.order_id.in_(list(order_ids)))
    return {row.order_id: row.required for row in await connection.execute(query)}


async def save_prepayment(connection: AsyncConnection, order_id: UUID, amount: Decimal) -> None:
    await connection.execute(_SAVE_PREPAYMENT, {"order_id": order_id, "required": amount})
