"""What the warehouse says of orders and receipts, for whoever compares it with others' words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, union, union_all
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.costing import Consumption, Handed, Shortage, handed, kopecks
from services.inventory.store.tables import (
    allocations,
    cancelled_orders,
    completions,
    consumptions,
    receipts,
    requests,
    shortages,
    stock,
)
from services.inventory.store.tables_documents import parcels, told_costs
from services.inventory.store.tables_purchasing import supplier_charges, supplier_returns
from shared.contracts.reconciliation import (
    GetReceiptFigures,
    GetStockFigures,
    HeldPart,
    ReceiptFigures,
    StockFigures,
    StockWorth,
    SupplierDebt,
)
from shared.pagination import by_id

_ORDERS = (requests.c.order_id, completions.c.order_id, cancelled_orders.c.order_id)
_ISSUED = (
    select(completions.c.order_id, func.max(completions.c.completion).label("completion"))
    .where(completions.c.state == "issued")
    .group_by(completions.c.order_id)
)
_HELD = (
    select(func.coalesce(func.sum(allocations.c.reserved), 0))
    .where(allocations.c.line_id == requests.c.line_id)
    .scalar_subquery()
)
_MISSING = (
    select(func.coalesce(func.sum(shortages.c.missing), 0))
    .where(shortages.c.order_id == requests.c.order_id, shortages.c.line_id == requests.c.line_id)
    .scalar_subquery()
)


async def stock_figures(
    connection: AsyncConnection, question: GetStockFigures
) -> list[StockFigures]:
    """One more than a page, by the order's id."""
    order_ids = list((await connection.execute(_orders(question))).scalars())
    issued = await connection.execute(_ISSUED.where(completions.c.order_id.in_(order_ids)))
    standing = {row.order_id: row.completion for row in issued}
    named = cancelled_orders.c.order_id.in_(order_ids)
    cancelled = set(await connection.scalars(select(cancelled_orders.c.order_id).where(named)))
    costs = await _costs(connection, order_ids)
    parts = await _parts(connection, order_ids, costs)
    return [
        StockFigures(
            order_id=order_id,
            completion=standing.get(order_id, 0),
            cost=sum(costs[order_id].values(), Decimal("0.00")),
            parts=tuple(parts[order_id]),
            cancelled=order_id in cancelled,
        )
        for order_id in order_ids
    ]


def _orders(question: GetStockFigures) -> Select[Any]:
    """Of each table a page by its index: all of them together would be sorted for every page."""
    pages = [
        by_id(
            select(key.label("order_id")).distinct(),
            key,
            question.cursor,
            question.limit,
            only=question.order_ids,
        ).subquery()
        for key in _ORDERS
    ]
    known = union(*(select(page.c.order_id) for page in pages)).subquery()
    return select(known.c.order_id).order_by(known.c.order_id).limit(question.limit + 1)


async def receipt_figures(
    connection: AsyncConnection, question: GetReceiptFigures
) -> list[ReceiptFigures]:
    """One more than a page, by the receipt's id."""
    numbers = select(receipts.c.id, receipts.c.number)
    statement = by_id(
        numbers, receipts.c.id, question.cursor, question.limit, only=question.receipt_ids
    )
    rows = (await connection.execute(statement)).all()
    owed = await _owed(connection, [row.id for row in rows])
    return [
        ReceiptFigures(receipt_id=row.id, number=row.number, owed=tuple(owed[row.id]))
        for row in rows
    ]


async def stock_worth(connection: AsyncConnection) -> StockWorth:
    lies = await connection.scalar(select(func.coalesce(func.sum(stock.c.value), 0)))
    goes = await connection.scalar(select(func.coalesce(func.sum(parcels.c.left_value), 0)))
    return StockWorth(value=Decimal(lies or 0) + Decimal(goes or 0))


async def issued_lines(
    connection: AsyncConnection, order_id: UUID, completion: int
) -> list[Handed]:
    """What a completion took below zero, line by line, with all that the line was issued."""
    of_completion = {"order_id": order_id, "completion": completion}
    short = await connection.execute(select(shortages).filter_by(**of_completion))
    taken = await connection.execute(
        select(consumptions).filter_by(**of_completion).order_by(consumptions.c.line_id)
    )
    used = [Consumption(**row._mapping) for row in taken]
    return [
        handed([each for each in used if each.line_id == shortage.line_id], shortage)
        for shortage in (Shortage(**row._mapping) for row in short)
    ]


async def note_told(
    connection: AsyncConnection, order_id: UUID, completion: int, at: datetime
) -> bool:
    """False: it was told before."""
    told = await connection.execute(
        upsert(told_costs)
        .values(order_id=order_id, completion=completion, at=at)
        .on_conflict_do_nothing()
        .returning(told_costs.c.order_id)
    )
    return told.scalar_one_or_none() is not None


async def _owed(
    connection: AsyncConnection, receipt_ids: Sequence[UUID]
) -> defaultdict[UUID, list[SupplierDebt]]:
    """A receipt's charges less those of its returns."""
    charged = supplier_charges.c.cost + supplier_charges.c.vat
    charges = union_all(
        select(
            supplier_charges.c.document_id.label("receipt_id"),
            supplier_charges.c.supplier_id,
            charged.label("amount"),
        ).where(supplier_charges.c.document_id.in_(receipt_ids)),
        select(supplier_returns.c.receipt_id, supplier_charges.c.supplier_id, -charged)
        .join(supplier_returns, supplier_returns.c.id == supplier_charges.c.document_id)
        .where(supplier_returns.c.receipt_id.in_(receipt_ids)),
    ).subquery("charges")
    statement = select(
        charges.c.receipt_id, charges.c.supplier_id, func.sum(charges.c.amount).label("amount")
    ).group_by(charges.c.receipt_id, charges.c.supplier_id)
    owed: defaultdict[UUID, list[SupplierDebt]] = defaultdict(list)
    for row in await connection.execute(statement):
        debt = SupplierDebt(supplier_id=row.supplier_id, amount=row.amount)
        owed[row.receipt_id].append(debt)
    return owed


async def _costs(
    connection: AsyncConnection, order_ids: Sequence[UUID]
) -> defaultdict[UUID, dict[UUID, Decimal]]:
    """By order and line, rounded as it was told; an order's cost is their sum."""
    taken = select(consumptions.c.order_id, consumptions.c.line_id, consumptions.c.cost).where(
        consumptions.c.order_id.in_(order_ids), consumptions.c.returned.is_(False)
    )
    missing = select(
        shortages.c.order_id, shortages.c.line_id, shortages.c.value.label("cost")
    ).where(shortages.c.order_id.in_(order_ids))
    issued = taken.union_all(missing).subquery("issued")
    statement = select(
        issued.c.order_id, issued.c.line_id, func.sum(issued.c.cost).label("cost")
    ).group_by(issued.c.order_id, issued.c.line_id)
    costs: defaultdict[UUID, dict[UUID, Decimal]] = defaultdict(dict)
    for row in await connection.execute(statement):
        costs[row.order_id][row.line_id] = kopecks(row.cost)
    return costs


async def _parts(
    connection: AsyncConnection,
    order_ids: Sequence[UUID],
    costs: Mapping[UUID, Mapping[UUID, Decimal]],
) -> defaultdict[UUID, list[Any]]:
    statement = select(
        requests.c.order_id,
        requests.c.line_id,
        requests.c.product_id,
        requests.c.wanted,
        requests.c.issued,
        _HELD.label("held"),
        _MISSING.label("missing"),
    ).where(requests.c.order_id.in_(order_ids))
    parts: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in await connection.execute(statement):
        parts[row.order_id].append(
            HeldPart(
                line_id=row.line_id,
                product_id=row.product_id,
                wanted=row.wanted,
                held=row.held,
                issued=row.issued,
                missing=row.missing,
                cost=costs.get(row.order_id, {}).get(row.line_id),
            )
        )
    return parts
