"""The reports of stock over time: what lay there, what came and went."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Select,
    String,
    Uuid,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.costing import kopecks
from services.inventory.domain.stock import (
    CHANGES_ON_HAND,
    CHANGES_RESERVED,
    CHANGES_VALUE,
    ISSUES,
    ZERO,
)
from services.inventory.store.sums import days_since_epoch, movements_of, same_place
from services.inventory.store.tables import labels, products, stock, warehouses
from shared.contracts.base import Page, Period
from shared.contracts.inventory import StockBalance, StockBalances
from shared.contracts.stock_reports import (
    KindTurnover,
    StockTurnover,
    TurnoverRow,
)
from shared.pagination import keys_of, page_of
from shared.rollups import spans

_TENTH, _THOUSANDTH = Decimal("0.1"), Decimal("0.001")

PLACES = (
    select(
        stock.c.product_id,
        products.c.name.label("product"),
        products.c.search_name,
        products.c.oem,
        stock.c.warehouse_id,
        warehouses.c.name.label("warehouse"),
        labels.c.short_name.label("measure"),
        stock.c.on_hand,
        stock.c.reserved,
        stock.c.value,
        stock.c.since,
    )
    .join(products, products.c.id == stock.c.product_id)
    .join(labels, labels.c.id == products.c.measure_id)
    .join(warehouses, warehouses.c.id == stock.c.warehouse_id)
)
"""Every product in every warehouse where it ever lay, as it is now."""


def _page_of_places(asked: StockBalances | StockTurnover) -> Select[Any]:
    """The places of one page, and one more; by name."""
    order = (products.c.search_name, stock.c.product_id, stock.c.warehouse_id)
    statement = PLACES.order_by(*order).limit(asked.limit + 1)
    if end := _end_of(asked):
        statement = statement.where(stock.c.since < end)
    for name in ("warehouse_id", "product_id"):
        if value := getattr(asked, name, None):
            statement = statement.where(stock.c[name] == value)
    if asked.cursor:
        name, product_id, warehouse_id = keys_of(asked.cursor, tuple[str, UUID, UUID])
        after = (literal(name, String), literal(product_id, Uuid), literal(warehouse_id, Uuid))
        statement = statement.where(tuple_(*order) > tuple_(*after))
    return statement


def _end_of(asked: StockBalances | StockTurnover) -> datetime | None:
    return getattr(asked, "at", None) or asked.period.end


def _place_key(row: Any) -> tuple[Any, ...]:
    return row.search_name, row.product_id, row.warehouse_id


# --- what lies there -----------------------------------------------------------------------------


async def stock_balances(
    connection: AsyncConnection, asked: StockBalances, zone: ZoneInfo, *, with_value: bool
) -> Page[StockBalance]:
    """By product and warehouse, whatever ever lay there by then.

    The past is what there is now less what has happened since: movements are never edited, and
    carry the cost of what they moved.
    """
    places = _page_of_places(asked).cte("places")
    end = _end_of(asked)
    since = _changes(Period(start=end), zone, places, is_any=bool(end))
    statement = (
        select(
            places,
            (places.c.on_hand - func.coalesce(since.c.on_hand, 0)).label("lay"),
            (places.c.reserved - func.coalesce(since.c.reserved, 0)).label("held"),
            (places.c.value - func.coalesce(since.c.value, 0)).label("worth"),
        )
        .outerjoin(since, same_place(places, since))
        .order_by(places.c.search_name, places.c.product_id, places.c.warehouse_id)
    )
    rows = (await connection.execute(statement)).all()
    return page_of(rows, asked.limit, lambda row: _balance(row, with_value), _place_key)


def _balance(row: Any, with_value: bool) -> StockBalance:
    return StockBalance(
        product_id=row.product_id,
        product=row.product,
        oem=row.oem,
        warehouse_id=row.warehouse_id,
        warehouse=row.warehouse,
        measure=row.measure,
        on_hand=row.lay,
        reserved=row.held,
        available=row.lay - row.held,
        value=kopecks(row.worth) if with_value else None,
    )


def _changes(period: Period, zone: ZoneInfo, places: Any, *, is_any: bool) -> Any:
    """What movements of the period did to each place; nothing, unless there ``is_any``."""
    rows = movements_of(period, spans(period, zone), zone, places).c
    return (
        select(
            rows.product_id,
            rows.warehouse_id,
            func.sum(rows.quantity).filter(rows.kind.in_(CHANGES_ON_HAND)).label("on_hand"),
            func.sum(rows.quantity).filter(rows.kind.in_(CHANGES_RESERVED)).label("reserved"),
            func.sum(rows.value).label("value"),
        )
        .where(literal(is_any))
        .group_by(rows.product_id, rows.warehouse_id)
        .subquery()
    )


# --- what came and went --------------------------------------------------------------------------


async def stock_turnover(
    connection: AsyncConnection,
    asked: StockTurnover,
    now: datetime,
    zone: ZoneInfo,
    *,
    with_value: bool,
) -> Page[TurnoverRow]:
    places = _page_of_places(asked).cte("places")
    period = asked.period
    since = _changes(Period(start=period.end), zone, places, is_any=bool(period.end))
    rows = movements_of(period, spans(period, zone), zone, places).c
    moved = (
        select(
            rows.product_id,
            rows.warehouse_id,
            rows.kind,
            rows.incoming,
            *(func.sum(rows[name]).label(name) for name in ("quantity", "value", "moment")),
        )
        .where(rows.kind.in_(CHANGES_VALUE))
        .group_by(rows.product_id, rows.warehouse_id, rows.kind, rows.incoming)
        .subquery()
    )
    statement = (
        select(
            places,
            func.coalesce(since.c.on_hand, 0).label("since_quantity"),
            func.coalesce(since.c.value, 0).label("since_value"),
            moved.c.kind,
            moved.c.incoming,
            func.coalesce(moved.c.quantity, 0).label("moved_quantity"),
            func.coalesce(moved.c.value, 0).label("moved_value"),
            func.coalesce(moved.c.moment, 0).label("moment"),
        )
        .outerjoin(since, same_place(places, since))
        .outerjoin(moved, same_place(places, moved))
        .order_by(places.c.search_name, places.c.product_id, places.c.warehouse_id, moved.c.kind)
    )
    by_place: dict[Any, list[Any]] = {}
    for row in await connection.execute(statement):
        by_place.setdefault(_place_key(row), []).append(row)
    ends = min(period.end, now) if period.end else now
    return page_of(
        list(by_place.values()),
        asked.limit,
        lambda rows: _turnover(rows, period.start, ends, with_value),
        lambda rows: _place_key(rows[0]),
    )


def _turnover(
    rows: list[Any], start: datetime | None, end: datetime, with_value: bool
) -> TurnoverRow:
    """One place: a row for each kind and direction of its movements."""
    place = rows[0]
    closing = place.on_hand - place.since_quantity
    closing_value = place.value - place.since_value
    came = [row for row in rows if row.incoming]
    went = [row for row in rows if row.incoming is False]
    in_quantity, in_value = _total(came)
    out_quantity, out_value = _total(went)
    opening = closing - in_quantity - out_quantity
    begins = max(start, place.since) if start else place.since
    days = max(Decimal(0), days_since_epoch(end) - days_since_epoch(begins))
    # Every movement counts for the time from itself to the period's end.
    until_end = (in_quantity + out_quantity) * days_since_epoch(end)
    average = opening + (until_end - sum(row.moment for row in rows)) / days if days else closing
    taken = -sum(row.moved_quantity for row in rows if row.kind in (*ISSUES, "return"))

    def shown(value: Decimal) -> Decimal | None:
        return kopecks(value) if with_value else None

    return TurnoverRow(
        product_id=place.product_id,
        product=place.product,
        oem=place.oem,
        warehouse_id=place.warehouse_id,
        warehouse=place.warehouse,
        measure=place.measure,
        opening_quantity=opening,
        in_quantity=in_quantity,
        out_quantity=-out_quantity,
        closing_quantity=closing,
        opening_value=shown(closing_value - in_value - out_value),
        in_value=shown(in_value),
        out_value=shown(-out_value),
        closing_value=shown(closing_value),
        kinds=_kinds(rows, with_value),
        average_quantity=average.quantize(_THOUSANDTH, ROUND_HALF_UP),
        turnover_days=(average / taken * days).quantize(_TENTH, ROUND_HALF_UP)
        if taken > 0
        else None,
    )


def _total(rows: list[Any]) -> tuple[Decimal, Decimal]:
    return (
        sum((row.moved_quantity for row in rows), ZERO),
        sum((row.moved_value for row in rows), ZERO),
    )


def _kinds(rows: list[Any], with_value: bool) -> tuple[KindTurnover, ...]:
    sums: dict[Any, tuple[Decimal, Decimal]] = {}
    for row in rows:
        if row.kind is not None:
            quantity, value = sums.get(row.kind, (ZERO, ZERO))
            sums[row.kind] = quantity + row.moved_quantity, value + row.moved_value
    return tuple(
        KindTurnover(kind=kind, quantity=quantity, value=kopecks(value) if with_value else None)
        for kind, (quantity, value) in sums.items()
    )
