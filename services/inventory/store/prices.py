"""The markup matrix in the database, and the prices that follow from it.

Whoever computes a price holds the matrix shared until the end of the transaction, whoever replaces
it holds it alone; and it is taken after the products' own locks. So a price that was computed with
the old rules is committed before the new rules are, and is among those computed anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, column, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.markup import Matrix
from services.inventory.store.tables import (
    Money,
    labels,
    markup_matrix,
    products,
    receipt_lines,
    receipts,
)
from services.inventory.store.tables_purchasing import STANDS
from shared.contracts.inventory import MarkupMatrix, MarkupRule

_IDS = any_(bindparam("ids", type_=ARRAY(Uuid)))
_vendor, _group = labels.alias("vendor"), labels.alias("group")
_OF_MATRIX = (
    select(
        products.c.id,
        products.c.price,
        products.c.last_cost,
        _vendor.c.name.label("vendor"),
        _group.c.name.label("group"),
    )
    .outerjoin(_vendor, _vendor.c.id == products.c.vendor_id)
    .outerjoin(_group, _group.c.id == products.c.group_id)
    .where(
        products.c.id == _IDS,
        products.c.pricing == "matrix",
        products.c.last_cost.is_not(None),
    )
    .order_by(products.c.id)
)
_BOUGHT_FOR = (
    select(
        receipt_lines.c.product_id,
        func.round(receipt_lines.c.stock_cost / receipt_lines.c.main_quantity, 2).label("cost"),
    )
    .ext(distinct_on(receipt_lines.c.product_id))
    .join(receipts, receipts.c.id == receipt_lines.c.receipt_id)
    .where(receipt_lines.c.product_id == _IDS, STANDS)
    .order_by(
        receipt_lines.c.product_id,
        receipt_lines.c.receipt_id.desc(),
        receipt_lines.c.position.desc(),
    )
)
_costs = (
    func.unnest(bindparam("ids", type_=ARRAY(Uuid)), bindparam("costs", type_=ARRAY(Money)))
    .table_valued(column("id", Uuid), column("cost", Money))
    .render_derived(name="bought")
)
_SET_COSTS = update(products).where(products.c.id == _costs.c.id).values(last_cost=_costs.c.cost)
_SET_PRICES = (
    update(products)
    .where(products.c.id == _costs.c.id)
    .values(price=_costs.c.cost, revision=products.c.revision + 1)
)


async def shown_matrix(connection: AsyncConnection) -> MarkupMatrix:
    return _matrix((await connection.execute(select(markup_matrix))).one())


async def held_matrix(connection: AsyncConnection, *, alone: bool = False) -> MarkupMatrix:
    """Locked until the end of the transaction."""
    query = select(markup_matrix).with_for_update(read=not alone)
    return _matrix((await connection.execute(query)).one())


async def save_matrix(connection: AsyncConnection, matrix: MarkupMatrix) -> None:
    rules = [rule.model_dump(mode="json") for rule in matrix.rules]
    await connection.execute(update(markup_matrix).values(revision=matrix.revision, rules=rules))


async def products_of_matrix(connection: AsyncConnection) -> list[UUID]:
    """Every product whose price follows the matrix, by id."""
    query = select(products.c.id).where(products.c.pricing == "matrix").order_by(products.c.id)
    return list((await connection.execute(query)).scalars())


async def last_cost(connection: AsyncConnection, product_id: UUID) -> Decimal | None:
    cost: Decimal | None = await connection.scalar(
        select(products.c.last_cost).where(products.c.id == product_id)
    )
    return cost


async def bought_for(
    connection: AsyncConnection, ids: Collection[UUID]
) -> dict[UUID, Decimal | None]:
    """What one main unit of each was bought for by the last receipt that stands, if any does."""
    rows = await connection.execute(_BOUGHT_FOR, {"ids": sorted(ids)})
    return {**dict.fromkeys(ids), **{row.product_id: row.cost for row in rows}}


async def keep_costs(connection: AsyncConnection, costs: Mapping[UUID, Decimal | None]) -> None:
    """What one main unit of each product was bought for the last time."""
    ids = sorted(costs)
    await connection.execute(_SET_COSTS, {"ids": ids, "costs": [costs[each] for each in ids]})


async def follow_matrix(
    connection: AsyncConnection, ids: Iterable[UUID]
) -> dict[UUID, tuple[Decimal, Decimal]]:
    """Computes the prices of those of the products that follow the matrix, one revision on. Gives
    the old and the new price of each whose price is another now. The products are locked."""
    rows = (await connection.execute(_OF_MATRIX, {"ids": sorted(ids)})).all()
    if not rows:
        return {}
    matrix = Matrix((await held_matrix(connection)).rules)
    changed = {
        row.id: (row.price, price)
        for row in rows
        if (price := matrix.price(row.last_cost, row.group, row.vendor)) not in (None, row.price)
    }
    if changed:
        new = {"ids": list(changed), "costs": [price for _, price in changed.values()]}
        await connection.execute(_SET_PRICES, new)
    return changed


def _matrix(row: Any) -> MarkupMatrix:
    rules = tuple(map(MarkupRule.model_validate, row.rules))
    return MarkupMatrix(rules=rules, revision=row.revision)
