"""What the warehouse says, for whoever compares it with what other services say."""

from __future__ import annotations

from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, figures
from shared.contracts.base import Page
from shared.contracts.reconciliation import (
    GetStockFigures,
    GetStockWorth,
    StockFigures,
    StockWorth,
)
from shared.handlers import Work
from shared.pagination import page_of


@handlers.question(GetStockFigures)
async def get_stock_figures(
    question: GetStockFigures, store: InventoryStore, work: Work
) -> Page[StockFigures]:
    rows = await figures.stock_figures(store.connection, question)
    return page_of(rows, question.limit, lambda row: row, lambda row: (row.order_id,))


@handlers.question(GetStockWorth)
async def get_stock_worth(question: GetStockWorth, store: InventoryStore, work: Work) -> StockWorth:
    return await figures.stock_worth(store.connection)
