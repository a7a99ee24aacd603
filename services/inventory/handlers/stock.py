"""What lies where, and what moved."""

from __future__ import annotations

from services.inventory.handlers.table import check_period, handlers
from services.inventory.store import InventoryStore, invariants, queries
from shared.contracts.base import Page, Period
from shared.contracts.costing import CheckStock, MayBeMissing, WhatMayBeMissing
from shared.contracts.inventory import (
    GetStock,
    ListMovements,
    MovementView,
    StockView,
)
from shared.contracts.reconciliation import Difference
from shared.handlers import Work
from shared.roles import may_see_cost


@handlers.question(GetStock)
async def get_stock(question: GetStock, store: InventoryStore, work: Work) -> Page[StockView]:
    return await queries.get_stock(
        store.connection, question, with_value=may_see_cost(work.actor.role)
    )


@handlers.question(ListMovements)
async def list_movements(
    question: ListMovements, store: InventoryStore, work: Work
) -> Page[MovementView]:
    check_period(Period(start=question.start, end=question.end))
    return await queries.list_movements(store.connection, question)


@handlers.question(WhatMayBeMissing)
async def what_may_be_missing(
    question: WhatMayBeMissing, store: InventoryStore, work: Work
) -> Page[MayBeMissing]:
    return await queries.what_may_be_missing(store.connection, question)


@handlers.question(CheckStock, report=True)
async def check_stock(question: CheckStock, store: InventoryStore, work: Work) -> Page[Difference]:
    return await invariants.differences(store.connection, question)
