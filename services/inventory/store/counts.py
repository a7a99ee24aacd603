"""Counts in and out of the database. A count's row is the lock of all that happens to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, literal, null, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.catalogue import name_key
from services.inventory.store.tables import labels, products, stock
from services.inventory.store.tables_documents import count_lines, counts
from shared.contracts.stock_counts import (
    CountLine,
    CountState,
    CountView,
    ListCountLines,
    ListCounts,
    StartCount,
)
from shared.database import saving
from shared.pagination import keys_of, newest_first
from shared.refusals import Refused

_SAVE_LINE = saving(count_lines)
_differs = count_lines.c.counted.is_distinct_from(count_lines.c.expected)
_COUNTS = (
    select(
        counts,
        func.count(count_lines.c.product_id).label("products"),
        func.count(count_lines.c.counted).label("counted"),
        func.count(count_lines.c.counted).filter(_differs).label("differing"),
    )
    .outerjoin(count_lines, count_lines.c.count_id == counts.c.id)
    .group_by(counts.c.id)
)
_measure = labels.alias("measure")
_LINES = (
    select(
        count_lines.c.product_id,
        products.c.name.label("product"),
        products.c.oem,
        _measure.c.short_name.label("measure"),
        count_lines.c.expected,
        count_lines.c.counted,
        products.c.search_name,
    )
    .join(products, products.c.id == count_lines.c.product_id)
    .join(_measure, _measure.c.id == products.c.measure_id)
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What the books said of a product and what was counted; in main units."""

    product_id: UUID
    expected: Decimal
    counted: Decimal | None


async def add(connection: AsyncConnection, count: dict[str, Any], command: StartCount) -> None:
    """Refused: ``count_open``, ``count_empty``."""
    frozen = _frozen(count["id"], command)
    if not await connection.scalar(select(frozen.exists())):
        raise Refused("count_empty")
    in_the_way = select(counts.c.id).where(
        counts.c.warehouse_id == command.warehouse_id, counts.c.state == "open"
    )
    if await connection.scalar(in_the_way):
        raise Refused("count_open")
    # Another process may begin one now.
    made = await connection.execute(
        insert_or_not(counts).values(count).on_conflict_do_nothing().returning(counts.c.id)
    )
    if made.one_or_none() is None:
        raise Refused("count_open")
    names = count_lines.columns.keys()
    await connection.execute(insert(count_lines).from_select(names, frozen))


def _frozen(count_id: UUID, command: StartCount) -> Select[Any]:
    """The products to be counted, with what the books say; all that ever lay in the warehouse,
    where nothing is named."""
    on_hand = stock.c.on_hand
    here = (stock.c.product_id == products.c.id) & (stock.c.warehouse_id == command.warehouse_id)
    query = select(
        literal(count_id).label("count_id"),
        products.c.id,
        func.coalesce(on_hand, 0).label("expected"),
        null().label("counted"),
    ).outerjoin(stock, here)
    if command.group is not None:
        group = labels.alias("group")
        query = query.join(group, group.c.id == products.c.group_id).where(
            group.c.key == name_key(command.group), stock.c.product_id.is_not(None)
        )
    if command.product_ids is not None:
        return query.where(products.c.id.in_(command.product_ids))
    return query.where(on_hand != 0)


async def shown(connection: AsyncConnection, count_id: UUID) -> CountView:
    """Refused: ``count_not_found``."""
    row = (await connection.execute(_COUNTS.where(counts.c.id == count_id))).one_or_none()
    if row is None:
        raise Refused("count_not_found", id=count_id)
    return CountView(**row._mapping)


async def locked(connection: AsyncConnection, count_id: UUID) -> Row[Any]:
    """An open count, for as long as the transaction lasts. Refused: ``count_not_found``,
    ``count_closed``."""
    query = select(counts).where(counts.c.id == count_id).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise Refused("count_not_found", id=count_id)
    if row.state != "open":
        raise Refused("count_closed", number=row.number)
    return row


async def close(
    connection: AsyncConnection, count_id: UUID, state: CountState, at: datetime, **values: Decimal
) -> None:
    await connection.execute(
        update(counts)
        .where(counts.c.id == count_id)
        .values(state=state, closed_at=at, revision=counts.c.revision + 1, **values)
    )


async def listed(connection: AsyncConnection, question: ListCounts) -> Sequence[Row[Any]]:
    """One more than a page, newest first."""
    query = _COUNTS
    if question.warehouse_id:
        query = query.where(counts.c.warehouse_id == question.warehouse_id)
    if question.state:
        query = query.where(counts.c.state == question.state)
    query = newest_first(query, counts.c.id, question.cursor, question.limit)
    return (await connection.execute(query)).all()


# --- lines ---------------------------------------------------------------------------------------


async def on_hand(connection: AsyncConnection, product_id: UUID, warehouse_id: UUID) -> Decimal:
    query = select(func.coalesce(func.sum(stock.c.on_hand), 0)).where(
        stock.c.product_id == product_id, stock.c.warehouse_id == warehouse_id
    )
    return Decimal((await connection.execute(query)).scalar_one())


async def line(connection: AsyncConnection, count_id: UUID, product_id: UUID) -> Counted | None:
    query = select(count_lines).where(
        count_lines.c.count_id == count_id, count_lines.c.product_id == product_id
    )
    row = (await connection.execute(query)).one_or_none()
    return Counted(row.product_id, row.expected, row.counted) if row else None


async def save_line(connection: AsyncConnection, count_id: UUID, line: Counted) -> None:
    await connection.execute(
        _SAVE_LINE,
        {
            "count_id": count_id,
            "product_id": line.product_id,
            "expected": line.expected,
            "counted": line.counted,
        },
    )


async def shown_line(connection: AsyncConnection, count_id: UUID, product_id: UUID) -> CountLine:
    query = _LINES.where(count_lines.c.count_id == count_id, products.c.id == product_id)
    return CountLine(**(await connection.execute(query)).one()._mapping)


async def line_rows(connection: AsyncConnection, question: ListCountLines) -> Sequence[Row[Any]]:
    """One more than a page, by the products' names."""
    query = _LINES.where(count_lines.c.count_id == question.count_id)
    if question.show == "uncounted":
        query = query.where(count_lines.c.counted.is_(None))
    elif question.show == "differing":
        query = query.where(count_lines.c.counted.is_not(None), _differs)
    if question.cursor:
        name, product_id = keys_of(question.cursor, tuple[str, UUID])
        query = query.where(
            (products.c.search_name > name)
            | ((products.c.search_name == name) & (products.c.id > product_id))
        )
    query = query.order_by(products.c.search_name, products.c.id).limit(question.limit + 1)
    rows: Sequence[Any] = (await connection.execute(query)).all()
    return rows


async def zero_uncounted(connection: AsyncConnection, count_id: UUID) -> None:
    """Whatever nobody counted is not there."""
    await connection.execute(
        update(count_lines)
        .where(count_lines.c.count_id == count_id, count_lines.c.counted.is_(None))
        .values(counted=0)
    )


async def differing(
    connection: AsyncConnection, count_id: UUID, *, with_uncounted: bool
) -> list[Counted]:
    """By product. What nobody counted and the books say is there, only if asked for."""
    counted = func.coalesce(count_lines.c.counted, 0) if with_uncounted else count_lines.c.counted
    query = (
        select(count_lines)
        .where(count_lines.c.count_id == count_id, counted != count_lines.c.expected)
        .order_by(count_lines.c.product_id)
    )
    rows = await connection.execute(query)
    return [Counted(row.product_id, row.expected, row.counted) for row in rows]


async def last_costs(
    connection: AsyncConnection, product_ids: Collection[UUID]
) -> dict[UUID, Decimal]:
    """What a main unit of each was bought for the last time; zero where it never was."""
    query = select(products.c.id, func.coalesce(products.c.last_cost, 0).label("cost")).where(
        products.c.id.in_(product_ids)
    )
    return {row.id: row.cost for row in await connection.execute(query)}
