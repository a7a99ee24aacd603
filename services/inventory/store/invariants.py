"""Whether the stock books agree: what must be the same, counted in two ways, by SQL alone.

Every question lists the rows where it is not so; together they have none, whatever has happened.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Numeric,
    Select,
    Text,
    Uuid,
    and_,
    case,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.stock import CHANGES_ON_HAND, CHANGES_RESERVED
from services.inventory.store.purchase_invariants import of_purchases
from services.inventory.store.rules import KEYS, difference
from services.inventory.store.tables import (
    allocations,
    completions,
    consumptions,
    lots,
    movements,
    requests,
    shortages,
    stock,
)
from shared.contracts.base import Page
from shared.contracts.costing import CheckStock
from shared.contracts.reconciliation import Difference
from shared.pagination import keys_of, page_of

_NOBODY = UUID(int=0)


async def differences(connection: AsyncConnection, question: CheckStock) -> Page[Difference]:
    """One snapshot's, in the order of what they are and whom they are about."""
    found = union_all(*_questions()).subquery("differences")
    place = (
        found.c.what,
        func.coalesce(found.c.number, ""),
        *(func.coalesce(found.c[name], _NOBODY) for name in KEYS),
    )
    query = select(found).order_by(*place).limit(question.limit + 1)
    if question.cursor:
        what, number, *ids = keys_of(question.cursor, tuple[str, str, UUID, UUID, UUID, UUID, UUID])
        names = (literal(what, Text), literal(number, Text))
        after = tuple_(*names, *(literal(each, Uuid) for each in ids))
        query = query.where(tuple_(*place) > after)
    rows = (await connection.execute(query)).all()
    return page_of(
        rows,
        question.limit,
        _told,
        lambda row: (
            row.what,
            row.number or "",
            *(getattr(row, name) or _NOBODY for name in KEYS),
        ),
    )


def _told(row: Any) -> Difference:
    return Difference(**row._mapping)


def _questions() -> list[Select[Any]]:
    return [*_of_stock(), *_of_lines(), _returned_of_order(), *of_purchases()]


# --- what lies there -----------------------------------------------------------------------------


def _of_stock() -> list[Select[Any]]:
    on_shelves = stock.c.on_hand + stock.c.missing - stock.c.reserved
    held = _by_place(
        allocations.join(requests, requests.c.line_id == allocations.c.line_id),
        requests.c.product_id,
        allocations.c.warehouse_id,
        allocations.c.reserved,
    )
    return [
        _sums("on_hand_by_movements", stock.c.on_hand, _moved(CHANGES_ON_HAND)),
        _sums("reserved_by_movements", stock.c.reserved, _moved(CHANGES_RESERVED)),
        _sums("value_by_movements", stock.c.value, _place_of(movements, movements.c.value)),
        _sums(
            "on_hand_by_lots",
            stock.c.on_hand,
            _place_of(lots, lots.c.remaining),
            _place_of(shortages, -shortages.c.missing),
        ),
        _sums(
            "value_by_lots",
            stock.c.value,
            _place_of(lots, lots.c.value),
            _place_of(shortages, -shortages.c.value),
        ),
        _sums("missing_by_shortages", stock.c.missing, _place_of(shortages, shortages.c.missing)),
        _sums("reserved_by_lines", stock.c.reserved, held),
        difference(
            "free_while_missing",
            literal(Decimal(0), Numeric),
            on_shelves,
            product_id=stock.c.product_id,
            warehouse_id=stock.c.warehouse_id,
        ).where(stock.c.missing > 0, on_shelves != 0),
        _short_while_available(),
    ]


def _sums(what: str, actual: ColumnElement[Any], *parts: Select[Any]) -> Select[Any]:
    """Where a stock row does not have the sum of its parts; or there are parts, and no row."""
    part = union_all(*parts).subquery("part")
    total = (
        select(part.c.product_id, part.c.warehouse_id, func.sum(part.c.amount).label("amount"))
        .group_by(part.c.product_id, part.c.warehouse_id)
        .subquery("total")
    )
    same_place = (total.c.product_id == stock.c.product_id) & (
        total.c.warehouse_id == stock.c.warehouse_id
    )
    expected, said = func.coalesce(total.c.amount, 0), func.coalesce(actual, 0)
    return (
        difference(
            what,
            expected,
            said,
            product_id=func.coalesce(stock.c.product_id, total.c.product_id),
            warehouse_id=func.coalesce(stock.c.warehouse_id, total.c.warehouse_id),
        )
        .select_from(stock.outerjoin(total, same_place, full=True))
        .where(expected != said)
    )


def _moved(kinds: frozenset[Any]) -> Select[Any]:
    return _place_of(movements, movements.c.quantity).where(movements.c.kind.in_(kinds))


def _place_of(table: Any, amount: ColumnElement[Any]) -> Select[Any]:
    return _by_place(table, table.c.product_id, table.c.warehouse_id, amount)


def _by_place(
    source: FromClause,
    product_id: ColumnElement[Any],
    warehouse_id: ColumnElement[Any],
    amount: ColumnElement[Any],
) -> Select[Any]:
    return (
        select(
            product_id.label("product_id"),
            warehouse_id.label("warehouse_id"),
            func.sum(amount).label("amount"),
        )
        .select_from(source)
        .group_by(product_id, warehouse_id)
    )


def _short_while_available() -> Select[Any]:
    """Somebody waits for what is there."""
    waiting = (
        select(requests.c.product_id, func.sum(requests.c.short).label("short"))
        .where(requests.c.short > 0)
        .group_by(requests.c.product_id)
        .subquery("waiting")
    )
    available = (
        select(
            stock.c.product_id,
            func.sum(func.greatest(stock.c.on_hand - stock.c.reserved, 0)).label("available"),
        )
        .group_by(stock.c.product_id)
        .subquery("there")
    )
    return (
        difference(
            "short_while_available",
            literal(Decimal(0), Numeric),
            available.c.available,
            product_id=waiting.c.product_id,
        )
        .select_from(waiting.join(available, available.c.product_id == waiting.c.product_id))
        .where(available.c.available > 0)
    )


# --- what lines want, hold and took --------------------------------------------------------------


def _of_lines() -> list[Select[Any]]:
    held = (
        select(allocations.c.line_id, func.sum(allocations.c.reserved).label("amount"))
        .group_by(allocations.c.line_id)
        .subquery("held")
    )
    due = func.greatest(requests.c.wanted - requests.c.issued, 0)
    short = due - func.coalesce(held.c.amount, 0)
    taken = union_all(
        select(consumptions.c.line_id, consumptions.c.quantity.label("amount")).where(
            consumptions.c.returned.is_(False)
        ),
        select(shortages.c.line_id, shortages.c.missing),
    ).subquery("taken")
    issued = (
        select(taken.c.line_id, func.sum(taken.c.amount).label("amount"))
        .group_by(taken.c.line_id)
        .subquery("issued")
    )
    expected = func.coalesce(issued.c.amount, 0)
    of_line = {
        "product_id": requests.c.product_id,
        "order_id": requests.c.order_id,
        "line_id": requests.c.line_id,
    }
    return [
        difference("short_of_line", short, requests.c.short, **of_line)
        .select_from(requests.outerjoin(held, held.c.line_id == requests.c.line_id))
        .where(short != requests.c.short),
        difference("issued_of_line", expected, requests.c.issued, **of_line)
        .select_from(requests.outerjoin(issued, issued.c.line_id == requests.c.line_id))
        .where(expected != requests.c.issued),
    ]


def _returned_of_order() -> Select[Any]:
    """What a completion that was undone still keeps, or one that stands has given back."""
    state = case((consumptions.c.returned, "returned"), else_="issued")
    return (
        difference(
            "returned_of_order",
            func.sum(consumptions.c.quantity),
            literal(Decimal(0), Numeric),
            order_id=consumptions.c.order_id,
            line_id=consumptions.c.line_id,
        )
        .select_from(
            consumptions.outerjoin(
                completions,
                and_(
                    completions.c.order_id == consumptions.c.order_id,
                    completions.c.completion == consumptions.c.completion,
                ),
            )
        )
        .where(completions.c.state.is_distinct_from(state))
        .group_by(consumptions.c.order_id, consumptions.c.line_id)
    )
