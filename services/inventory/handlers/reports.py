"""The reports of stock; what each figure is stands in their contract. Another station's stock is in
its own books."""

from __future__ import annotations

from typing import Any

from services.inventory.handlers.table import check_period, handlers
from services.inventory.store import InventoryStore, idle_and_missing, reports, sums
from shared.contracts.base import Page
from shared.contracts.inventory import StockBalance, StockBalances
from shared.contracts.reconciliation import Difference
from shared.contracts.stock_reports import (
    CheckStockReports,
    DeadStock,
    DeadStockRow,
    ShortageRow,
    StockShortages,
    StockTurnover,
    TurnoverRow,
)
from shared.handlers import Work
from shared.roles import may_see_cost
from shared.rollups import DIFFERENCES_SHOWN, page_of_differences


@handlers.question(StockBalances, report=True)
async def stock_balances(
    question: StockBalances, store: InventoryStore, work: Work
) -> Page[StockBalance]:
    """Refused: ``period_invalid``."""
    check_period(question.period)
    if _is_elsewhere(question, work):
        return Page(items=())
    return await reports.stock_balances(
        store.connection,
        question,
        work.settings.zone,
        with_value=may_see_cost(work.actor.role),
    )


@handlers.question(StockTurnover, report=True)
async def stock_turnover(
    question: StockTurnover, store: InventoryStore, work: Work
) -> Page[TurnoverRow]:
    """Refused: ``period_invalid``."""
    check_period(question.period)
    if _is_elsewhere(question, work):
        return Page(items=())
    return await reports.stock_turnover(
        store.connection,
        question,
        work.now,
        work.settings.zone,
        with_value=may_see_cost(work.actor.role),
    )


@handlers.question(DeadStock, report=True)
async def dead_stock(question: DeadStock, store: InventoryStore, work: Work) -> Page[DeadStockRow]:
    if _is_elsewhere(question, work):
        return Page(items=())
    return await idle_and_missing.dead_stock(
        store.connection, question, work.now, with_value=may_see_cost(work.actor.role)
    )


@handlers.question(StockShortages, report=True)
async def stock_shortages(
    question: StockShortages, store: InventoryStore, work: Work
) -> Page[ShortageRow]:
    if _is_elsewhere(question, work):
        return Page(items=())
    return await idle_and_missing.stock_shortages(store.connection, question)


@handlers.question(CheckStockReports, report=True)
async def check_reports(
    question: CheckStockReports, store: InventoryStore, work: Work
) -> Page[Difference]:
    found = await sums.differences(store.connection, work.settings.zone, DIFFERENCES_SHOWN)
    return page_of_differences(found)


def _is_elsewhere(question: Any, work: Work) -> bool:
    return question.station_id not in (None, work.settings.station_id)
