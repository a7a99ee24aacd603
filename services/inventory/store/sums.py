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
    CTE,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Numeric,
    Select,
    Subquery,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.stock import ISSUES
from services.inventory.store.tables import movements, stock
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
    replace,
    summed,
)

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MEASURES = ("quantity", "value", "moment")
_NAMES = ("product_id", "warehouse_id", "kind", "incoming", *MEASURES)
_FRESH = func.array(select(unfolded.c.movement_id).scalar_subquery(), type_=ARRAY(Uuid))
"""The same as one value: few or none, each of them looked up in an index."""
_IS_FOLDED = not_(exists().where(unfolded.c.movement_id == movements.c.id))
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


def movements_of(period: Period, parts: Spans, zone: ZoneInfo, places: FromClause) -> Subquery:
    """``_NAMES`` of what moved in ``places`` (product and warehouse), already summed or not. Each
    place and piece of the period is looked up by itself: what else a product did is not read."""
    at = movements.c.at
    of_pieces = [
        select(*(stock_sums.c[name] for name in _NAMES)).where(
            same_place(stock_sums, places), summed(stock_sums.c, Spans((piece,)), named=0)
        )
        for piece in parts.whole
    ]
    # One by one, too: of two parts together an index finds all that lies between them.
    of_edges = [
        movement_rows(
            zone, and_(same_place(movements, places), at_the_edges(at, Spans(edges=(edge,))))
        )
        for edge in parts.edges
    ]
    looked_up = [
        # An offset keeps the planner from reading all places' rows at once.
        select(*(each.c[name] for name in _NAMES)).select_from(places.join(each, true()))
        for each in (some.offset(0).lateral() for some in (*of_pieces, *of_edges))
    ]
    fresh = and_(movements.c.id == any_(_FRESH), in_whole_days(at, parts, period))
    rows = movement_rows(zone, fresh).subquery()
    added = select(*(rows.c[name] for name in _NAMES)).join(places, same_place(rows, places))
    return union_all(*looked_up, added).subquery()


def moves_not_folded() -> CTE:
    """What ``last_moves`` does not know yet, in its columns."""
    fresh = _latest_of(movements.c.id == any_(_FRESH)).cte("fresh")
    return fresh.prefix_with("MATERIALIZED")


def _latest_of(of_movements: ColumnElement[bool]) -> Select[Any]:
    """In the order of the table's columns, of every place that moved."""
    kind, at = movements.c.kind, movements.c.at
    moved = (
        select(
            movements.c.product_id,
            movements.c.warehouse_id,
            func.max(at).filter(kind == "receipt").label("receipt_at"),
            func.max(at).filter(kind.in_(ISSUES)).label("issue_at"),
        )
        .where(of_movements)
        .group_by(movements.c.product_id, movements.c.warehouse_id)
        .subquery("moved")
    )
    return select(
        *moved.c,
        func.coalesce(moved.c.issue_at, stock.c.since).label("idle_since"),
        (stock.c.on_hand > 0).label("lies"),
    ).join(stock, same_place(stock, moved))


def same_place(one: Any, other: Any) -> ColumnElement[bool]:
    return and_(one.c.product_id == other.c.product_id, one.c.warehouse_id == other.c.warehouse_id)


# --- folding, and reckoning anew -----------------------------------------------------------------


async def fold(connection: AsyncConnection, zone: ZoneInfo, limit: int) -> int:
    """Adds to the sums what they do not know yet."""
    # In the order in which they came, and past whatever was folded before.
    some = select(unfolded.c.movement_id).order_by(unfolded.c.movement_id).limit(limit)
    taken = await connection.execute(
        delete(unfolded).where(unfolded.c.movement_id.in_(some)).returning(unfolded.c.movement_id)
    )
    ids = {"ids": list(taken.scalars())}
    if ids["ids"]:
        await connection.execute(adding(stock_sums, _sums(zone, _IDS)), ids)
        await connection.execute(_LATEST, ids)
    return len(ids["ids"])


async def reckon(connection: AsyncConnection, zone: ZoneInfo) -> int:
    """All sums and last moves anew, of every movement that is folded."""
    kept = await replace(connection, stock_sums, _sums(zone, _IS_FOLDED))
    return kept + await replace(connection, last_moves, _latest_of(_IS_FOLDED))


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
    """What lies there is told by the stock itself: of a place that goes on moving meanwhile, when
    that is folded."""
    statement = insert(last_moves).from_select(last_moves.columns.keys(), _latest_of(_IDS))
    new, at = statement.excluded, last_moves.c
    latest = {name: func.greatest(at[name], new[name]) for name in ("receipt_at", "issue_at")}
    idle_since = func.coalesce(latest["issue_at"], new.idle_since)
    return statement.on_conflict_do_update(
        index_elements=["product_id", "warehouse_id"],
        set_={**latest, "idle_since": idle_since, "lies": new.lies},
    )


_LATEST = _latest()


async def differences(connection: AsyncConnection, zone: ZoneInfo, limit: int) -> Sequence[Any]:
    """The sums, and last moves, that are not what their rows come to: ``what, key, expected,
    actual``."""
    anew = _sums(zone, _IS_FOLDED).subquery("anew")
    found = await differences_of(connection, stock_sums, stock_sums, anew, limit)
    moved = await connection.execute(_last_moves_apart().limit(limit - len(found)))
    return [*found, *moved.all()]


def _last_moves_apart() -> CompoundSelect[Any]:
    """Of places where everything is folded; of others ``last_moves`` knows a part, and the stock
    all of it."""
    anew = _latest_of(true()).subquery("anew")
    both = last_moves.outerjoin(anew, same_place(last_moves, anew), full=True)
    place = [func.coalesce(each, anew.c[each.name]) for each in last_moves.primary_key]
    going_on = select(movements.c.product_id, movements.c.warehouse_id).where(
        movements.c.id == any_(_FRESH)
    )
    return union_all(
        *(
            select(
                literal(f"last_moves.{name}").label("what"),
                func.concat_ws(" ", *place).label("key"),
                cast(last_moves.c[name], Text).label("actual"),
                cast(anew.c[name], Text).label("expected"),
            )
            .select_from(both)
            .where(
                last_moves.c[name].is_distinct_from(anew.c[name]), tuple_(*place).not_in(going_on)
            )
            for name in ("receipt_at", "issue_at", "idle_since", "lies")
        )
    )
