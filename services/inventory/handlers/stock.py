"""What lies where, what moved, and what it is worth."""

from __future__ import annotations

from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, invariants, queries
from shared.contracts.base import Page, Period
from shared.contracts.costing import CheckStock, MayBeMissing, StockDifference, WhatMayBeMissing
from shared.contracts.inventory import (
    GetStock,
    ListMovements,
    MovementView,
    StockBalance,
    StockBalances,
    StockView,
)
from shared.handlers import Work
from shared.permissions import may_see_cost
from shared.refusals import Refused


@handlers.question(GetStock)
async def get_stock(question: GetStock, store: InventoryStore, work: Work) -> Page[StockView]:
    return await queries.get_stock(
        store.connection, question, with_value=may_see_cost(work.actor.role)
    )


@handlers.question(ListMovements)
async def list_movements(
    question: ListMovements, store: InventoryStore, work: Work
) -> Page[MovementView]:
    return await queries.list_movements(store.connection, question)


@handlers.question(StockBalances)
async def stock_balances(
    question: StockBalances, store: InventoryStore, work: Work
) -> Page[StockBalance]:
    """Refused: ``period_invalid``. Another station's stock is in its own books."""
    _check(question.period)
    if question.station_id not in (None, work.settings.station_id):
        return Page(items=())
    return await queries.stock_balances(
        store.connection, question, with_value=may_see_cost(work.actor.role)
    )


@handlers.question(WhatMayBeMissing)
async def what_may_be_missing(
    question: WhatMayBeMissing, store: InventoryStore, work: Work
) -> Page[MayBeMissing]:
    return await queries.what_may_be_missing(store.connection, question)


@handlers.question(CheckStock)
async def check_stock(
    question: CheckStock, store: InventoryStore, work: Work
) -> Page[StockDifference]:
    return await invariants.differences(store.connection, question)


def _check(period: Period) -> None:
    if period.start and period.end and period.start > period.end:
        raise Refused("period_invalid")
