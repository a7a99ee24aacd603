"""What lies where, and what moved."""

from __future__ import annotations

from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, queries
from shared.contracts.base import Page
from shared.contracts.inventory import (
    GetStock,
    ListMovements,
    MovementView,
    StockView,
)
from shared.handlers import Work


@handlers.question(GetStock)
async def get_stock(question: GetStock, store: InventoryStore, work: Work) -> Page[StockView]:
    return await queries.get_stock(store.connection, question)


@handlers.question(ListMovements)
async def list_movements(
    question: ListMovements, store: InventoryStore, work: Work
) -> Page[MovementView]:
    return await queries.list_movements(store.connection, question)
