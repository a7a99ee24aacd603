"""The reports of stock as it is: what lies idle, what is missing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Select,
    String,
    Subquery,
    Uuid,
    func,
    literal,
    select,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.costing import kopecks
from services.inventory.store.reports import PLACES
from services.inventory.store.sums import moves_not_folded, same_place
from services.inventory.store.tables import labels, products, requests, shortages, stock
from services.inventory.store.tables_reports import last_moves
from shared.contracts.base import Instant, Page
from shared.contracts.stock_reports import DeadStock, DeadStockRow, ShortageRow, StockShortages
from shared.pagination import keys_of, page_of

_ORDER = ("idle_since", "product_id", "warehouse_id")
_FEW = (
    union(
        select(requests.c.product_id).where(requests.c.short > 0),
        select(products.c.id).where(products.c.min_stock > 0),
        # Less is there than is promised only where something was issued that was not there.
        select(shortages.c.product_id).where(shortages.c.missing > 0),
    )
    .cte("few")
    .prefix_with("MATERIALIZED")
)
"""Products of which something may be missing."""
_IDLE = ("product_id", "warehouse_id", "idle_since", "receipt_at", "issue_at")


async def dead_stock(
    connection: AsyncConnection, asked: DeadStock, now: datetime, *, with_value: bool
) -> Page[DeadStockRow]:
    """Read from the beginning of an index; beside it those few that moved since it was kept. What
    places are called is read for one page."""
    fresh = moves_not_folded()
    places = (last_moves.c.product_id, last_moves.c.warehouse_id)
    unmoved = select(*(last_moves.c[name] for name in _IDLE)).where(
        last_moves.c.lies, tuple_(*places).not_in(select(fresh.c.product_id, fresh.c.warehouse_id))
    )
    receipt_at, issue_at = (
        func.greatest(last_moves.c[name], fresh.c[name]) for name in ("receipt_at", "issue_at")
    )
    moved = (
        select(
            fresh.c.product_id,
            fresh.c.warehouse_id,
            func.coalesce(issue_at, fresh.c.idle_since).label("idle_since"),
            receipt_at.label("receipt_at"),
            issue_at.label("issue_at"),
        )
        .outerjoin(last_moves, same_place(last_moves, fresh))
        .where(fresh.c.lies)
    )
    both = union_all(*(_longest_idle(asked, now, each.subquery()) for each in (unmoved, moved)))
    page = _longest_idle(asked, now, both.subquery()).cte("page")
    statement = (
        PLACES.add_columns(page.c.idle_since, page.c.receipt_at, page.c.issue_at)
        .join(page, same_place(stock, page))
        .order_by(*(page.c[name] for name in _ORDER))
    )
    rows = (await connection.execute(statement)).all()
    return page_of(
        rows,
        asked.limit,
        lambda row: DeadStockRow(
            product_id=row.product_id,
            product=row.product,
            oem=row.oem,
            warehouse_id=row.warehouse_id,
            warehouse=row.warehouse,
            measure=row.measure,
            on_hand=row.on_hand,
            value=kopecks(row.value) if with_value else None,
            last_receipt_at=row.receipt_at,
            last_issue_at=row.issue_at,
            idle_days=(now - row.idle_since).days,
        ),
        lambda row: (row.idle_since, row.product_id, row.warehouse_id),
    )


def _longest_idle(asked: DeadStock, now: datetime, places: Subquery) -> Select[Any]:
    """A page of the places, and one more."""
    order = [places.c[name] for name in _ORDER]
    page = select(places).where(places.c.idle_since <= now - _days(asked.days))
    if asked.warehouse_id:
        page = page.where(places.c.warehouse_id == asked.warehouse_id)
    if asked.cursor:
        at, product_id, warehouse_id = keys_of(asked.cursor, tuple[Instant, UUID, UUID])
        after = (literal(at, stock.c.since.type), literal(product_id, Uuid))
        page = page.where(tuple_(*order) > tuple_(*after, literal(warehouse_id, Uuid)))
    return page.order_by(*order).limit(asked.limit + 1)


async def stock_shortages(connection: AsyncConnection, asked: StockShortages) -> Page[ShortageRow]:
    """Few are missing: what orders wait for, what has a minimum, and what is below zero."""
    waiting = (
        select(requests.c.product_id, func.sum(requests.c.short).label("waiting"))
        .where(requests.c.short > 0)
        .group_by(requests.c.product_id)
        .subquery()
    )
    lying = (
        select(
            stock.c.product_id,
            func.sum(stock.c.on_hand).label("on_hand"),
            func.sum(stock.c.reserved).label("reserved"),
        )
        .where(stock.c.product_id.in_(select(_FEW.c.product_id)))
        .group_by(stock.c.product_id)
        .subquery()
    )
    waits = func.coalesce(waiting.c.waiting, 0)
    on_hand, reserved = (func.coalesce(lying.c[name], 0) for name in ("on_hand", "reserved"))
    missing = waits + func.coalesce(products.c.min_stock, 0) - (on_hand - reserved)
    order = (products.c.search_name, products.c.id)
    statement = (
        select(
            products.c.id.label("product_id"),
            products.c.name.label("product"),
            products.c.search_name,
            products.c.oem,
            labels.c.short_name.label("measure"),
            on_hand.label("on_hand"),
            reserved.label("reserved"),
            (on_hand - reserved).label("available"),
            products.c.min_stock,
            waits.label("waiting"),
            missing.label("missing"),
        )
        .join(labels, labels.c.id == products.c.measure_id)
        .outerjoin(waiting, waiting.c.product_id == products.c.id)
        .outerjoin(lying, lying.c.product_id == products.c.id)
        .where(
            products.c.id.in_(select(_FEW.c.product_id)),
            products.c.active | (waits > 0),
            missing > 0,
        )
        .order_by(*order)
        .limit(asked.limit + 1)
    )
    if asked.cursor:
        name, product_id = keys_of(asked.cursor, tuple[str, UUID])
        after = tuple_(literal(name, String), literal(product_id, Uuid))
        statement = statement.where(tuple_(*order) > after)
    rows = (await connection.execute(statement)).all()
    return page_of(
        rows,
        asked.limit,
        lambda row: ShortageRow(**row._mapping),
        lambda row: (row.search_name, row.product_id),
    )


def _days(count: int) -> Any:
    return func.make_interval(0, 0, 0, count)
