"""Movements by day: from their own rows, and from the sums that were made of them.

What the sums hold and what a report adds to them is the same selection of rows, so that it does
not matter to any answer what has been folded and what has not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Numeric,
    Select,
    Subquery,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.stock import ISSUES
from services.inventory.store.tables import movements
from services.inventory.store.tables_reports import last_moves, stock_sums, unfolded
from shared.contracts.base import Period
from shared.rollups import (
    GRAINS,
    Spans,
    adding,
    at_the_edges,
    day_of,
    differences_of,
    first_day,
    in_whole_days,
    summed,
)

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MEASURES = ("quantity", "value", "moment")
_NAMES = ("product_id", "warehouse_id", "kind", "incoming", *MEASURES)
_NOT_FOLDED = select(unfolded.c.movement_id)
_FRESH = func.array(_NOT_FOLDED.scalar_subquery(), type_=ARRAY(Uuid))
"""The same as one value: few or none, each of them looked up in an index."""
_IDS = movements.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))


def days_since_epoch(at: datetime) -> Decimal:
    return Decimal((at - EPOCH) // timedelta(microseconds=1)) / (86_400 * 10**6)


def movement_rows(zone: ZoneInfo, of_movements: ColumnElement[bool]) -> Select[Any]:
    """``day`` and ``_NAMES`` of every movement."""
    quantity, value = movements.c.quantity, movements.c.value
    days = func.extract("epoch", movements.c.at - literal(EPOCH, movements.c.at.type)) / 86_400
    return select(
        day_of(movements.c.at, zone).label("day"),
        movements.c.product_id,
        movements.c.warehouse_id,
        movements.c.kind,
        or_(quantity > 0, and_(quantity == 0, value >= 0)).label("incoming"),
        quantity,
        value,
        cast(quantity * cast(days, Numeric), Numeric(30, 6)).label("moment"),
    ).where(of_movements)


def movements_of(period: Period, parts: Spans, zone: ZoneInfo, products: Any) -> Subquery:
    """Of ``products`` (a selection of their ids; none: of all), already summed or not."""
    kept = select(*(stock_sums.c[name] for name in _NAMES)).where(
        summed(stock_sums.c, parts), _of(stock_sums.c, products)
    )
    at = movements.c.at
    fresh = [and_(movements.c.id == any_(_FRESH), in_whole_days(at, parts, period))]
    fresh += [at_the_edges(at, parts)] if parts.edges else []
    added = []
    for of_movements in fresh:
        rows = movement_rows(zone, and_(of_movements, _of(movements.c, products))).subquery()
        added.append(select(*(rows.c[name] for name in _NAMES)))
    return union_all(kept, *added).subquery()


def moves_not_folded() -> Subquery:
    """What ``last_moves`` does not know yet, in its columns."""
    return _latest_of(movements.c.id == any_(_FRESH)).subquery("fresh")


def _latest_of(of_movements: ColumnElement[bool]) -> Select[Any]:
    """In the order of the table's columns."""
    kind, at = movements.c.kind, movements.c.at
    places = (movements.c.product_id, movements.c.warehouse_id)
    return (
        select(
            *places,
            func.max(at).filter(kind == "receipt").label("receipt_at"),
            func.max(at).filter(kind.in_(ISSUES)).label("issue_at"),
        )
        .where(of_movements, kind.in_(("receipt", *ISSUES)))
        .group_by(*places)
    )


def _of(columns: Any, products: Any) -> ColumnElement[bool]:
    return true() if products is None else columns.product_id.in_(products)


# --- folding, and reckoning anew -----------------------------------------------------------------


async def fold(connection: AsyncConnection, zone: ZoneInfo, limit: int) -> int:
    """Adds to the sums what they do not know yet."""
    some = select(unfolded.c.movement_id).limit(limit)
    taken = await connection.execute(
        delete(unfolded).where(unfolded.c.movement_id.in_(some)).returning(unfolded.c.movement_id)
    )
    ids = {"ids": list(taken.scalars())}
    if ids["ids"]:
        await connection.execute(adding(stock_sums, _sums(zone, _IDS)), ids)
        await connection.execute(_LATEST, ids)
    return len(ids["ids"])


async def forget(connection: AsyncConnection) -> int:
    """All sums; every movement is to be folded again."""
    every = insert(unfolded).from_select(["movement_id"], select(movements.c.id))
    result = await connection.execute(
        every.on_conflict_do_nothing().add_cte(
            delete(stock_sums).cte("sums"), delete(last_moves).cte("moves")
        )
    )
    return result.rowcount


def _sums(zone: ZoneInfo, of_movements: ColumnElement[bool]) -> Select[Any]:
    """In the order of the table's columns."""
    rows = movement_rows(zone, of_movements).subquery()
    keys = (
        rows.c.product_id,
        rows.c.warehouse_id,
        GRAINS.c.grain,
        first_day(GRAINS.c.grain, rows.c.day).label("day"),
        rows.c.kind,
        rows.c.incoming,
    )
    return (
        select(*keys, *(func.sum(rows.c[name]).label(name) for name in MEASURES))
        .select_from(rows.join(GRAINS, true()))
        .group_by(*keys)
    )


def _latest() -> Any:
    statement = insert(last_moves).from_select(last_moves.columns.keys(), _latest_of(_IDS))
    return statement.on_conflict_do_update(
        index_elements=["product_id", "warehouse_id"],
        set_={
            name: func.greatest(last_moves.c[name], statement.excluded[name])
            for name in ("receipt_at", "issue_at")
        },
    )


_LATEST = _latest()


async def differences(connection: AsyncConnection, zone: ZoneInfo, limit: int) -> Sequence[Any]:
    """The sums that are not what their rows come to: ``what, key, expected, actual``."""
    anew = _sums(zone, movements.c.id.not_in(_NOT_FOLDED)).subquery("anew")
    return await differences_of(connection, stock_sums, stock_sums, anew, limit)
