"""What to buy: what orders wait for and what minimums lack, less what is on order already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, case, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.stock import ZERO
from services.inventory.store.offers import cheapest
from services.inventory.store.tables import (
    labels,
    products,
    receipt_lines,
    receipts,
    requests,
    stock,
    suppliers,
)
from services.inventory.store.tables_purchasing import (
    MISSING,
    STANDS,
    purchase_order_lines,
    purchase_orders,
)
from shared.contracts.purchase_orders import Proposal, ProposedFor, ProposedLine

_ORDERING = 7147
_FIRST = UUID(int=0)
_short = (
    select(requests.c.product_id, func.sum(requests.c.short).label("short"))
    .where(requests.c.short > 0)
    .group_by(requests.c.product_id)
    .subquery("waited_for")
)
_there = (
    select(stock.c.product_id, func.sum(stock.c.on_hand - stock.c.reserved).label("available"))
    .group_by(stock.c.product_id)
    .subquery("there")
)
_ordered = (
    select(purchase_order_lines.c.product_id, func.sum(MISSING).label("on_order"))
    .join(purchase_orders, purchase_orders.c.id == purchase_order_lines.c.purchase_order_id)
    .where(purchase_orders.c.state.in_(("draft", "sent", "partly_received")))
    .group_by(purchase_order_lines.c.product_id)
    .subquery("ordered")
)
# Of whom a product came last, and for how much without VAT.
_last = (
    select(
        receipts.c.supplier_id,
        func.round(receipt_lines.c.total_without_vat / receipt_lines.c.main_quantity, 2).label(
            "cost"
        ),
    )
    .join(receipt_lines, receipt_lines.c.receipt_id == receipts.c.id)
    .where(receipt_lines.c.product_id == products.c.id, STANDS)
    .order_by(receipts.c.id.desc())
    .limit(1)
    .lateral("last_delivery")
)
_WAITED = func.coalesce(_short.c.short, 0)
_AVAILABLE = func.coalesce(_there.c.available, 0)
_ON_ORDER = func.coalesce(_ordered.c.on_order, 0)
_LACKING = case(
    (products.c.active, func.greatest(func.coalesce(products.c.min_stock, 0) - _AVAILABLE, 0)),
    else_=0,
)
_QUANTITY = _WAITED + _LACKING - _ON_ORDER
_NEEDED: Select[Any] = (
    select(
        products.c.id.label("product_id"),
        products.c.name.label("product"),
        products.c.oem,
        labels.c.short_name.label("measure"),
        _WAITED.label("short"),
        products.c.min_stock,
        _AVAILABLE.label("available"),
        _ON_ORDER.label("on_order"),
        _QUANTITY.label("quantity"),
        _last.c.cost,
        suppliers.c.id.label("supplier_id"),
        suppliers.c.name.label("supplier"),
    )
    .join(labels, labels.c.id == products.c.measure_id)
    .outerjoin(_short, _short.c.product_id == products.c.id)
    .outerjoin(_there, _there.c.product_id == products.c.id)
    .outerjoin(_ordered, _ordered.c.product_id == products.c.id)
    .outerjoin(_last, true())
    .outerjoin(suppliers, suppliers.c.id == _last.c.supplier_id)
    .where(_QUANTITY > 0)
    .order_by(products.c.search_name, products.c.id)
)


async def hold(connection: AsyncConnection) -> None:
    """Nobody else orders what is proposed until the end of the transaction."""
    await connection.execute(select(func.pg_advisory_xact_lock(_ORDERING)))


async def proposals(connection: AsyncConnection, today: date) -> list[Proposal]:
    """By supplier: of whom it is cheapest today, or else of whom it came last. What was never
    bought, and nobody offers, comes first."""
    rows: Sequence[Row[Any]] = (await connection.execute(_NEEDED)).all()
    needed = [row.product_id for row in rows]
    waiting = await _waiting(connection, needed)
    offered = await cheapest(connection, needed, today)
    lines: defaultdict[UUID | None, list[ProposedLine]] = defaultdict(list)
    names: dict[UUID | None, str | None] = {}
    for row in rows:
        offer = offered.get(row.product_id)
        source = offer or row
        lines[source.supplier_id].append(_line(row, offer, waiting[row.product_id]))
        names[source.supplier_id] = source.supplier
    return [
        Proposal(supplier_id=supplier_id, supplier=names[supplier_id], lines=tuple(found))
        for supplier_id, found in sorted(lines.items(), key=lambda pair: pair[0] or _FIRST)
    ]


async def last_prices(
    connection: AsyncConnection, product_ids: Collection[UUID]
) -> dict[UUID, Decimal]:
    """What one main unit of each was delivered for last; of what never was there is none."""
    query = select(products.c.id, _last.c.cost).join(_last, true())
    found = await connection.execute(query.where(products.c.id.in_(list(product_ids))))
    return {row.id: row.cost for row in found}


def _line(row: Row[Any], offer: Any | None, waiting: Sequence[ProposedFor]) -> ProposedLine:
    told = (
        {}
        if offer is None
        else {
            "cost": offer.price,
            "offer_id": offer.id,
            "multiplicity": offer.multiplicity,
            "delivery_days": offer.delivery_days,
        }
    )
    return ProposedLine.model_validate({**row._mapping, **told, "waiting": tuple(waiting)})


async def _waiting(
    connection: AsyncConnection, product_ids: Collection[UUID]
) -> defaultdict[UUID, list[ProposedFor]]:
    """The lines that wait for products, the longest waiting first."""
    waiting: defaultdict[UUID, list[ProposedFor]] = defaultdict(list)
    query = (
        select(requests)
        .where(requests.c.product_id.in_(list(product_ids)), requests.c.short > ZERO)
        .order_by(requests.c.requested_at, requests.c.line_id)
    )
    for row in await connection.execute(query):
        waiting[row.product_id].append(
            ProposedFor(order_id=row.order_id, line_id=row.line_id, short=row.short)
        )
    return waiting
