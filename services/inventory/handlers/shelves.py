"""The stock as people look at it: products with where they lie, by delivery, and who waits."""

from __future__ import annotations

from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, shelves
from shared.contracts.base import Page
from shared.contracts.shelves import (
    CatalogueName,
    FindStock,
    ListCatalogueNames,
    ListLots,
    ListWaiting,
    LotView,
    ShelfView,
    WaitingView,
)
from shared.handlers import Work
from shared.roles import may_see_cost


@handlers.question(FindStock)
async def find_stock(question: FindStock, store: InventoryStore, work: Work) -> Page[ShelfView]:
    return await shelves.find(store.connection, question, with_cost=may_see_cost(work.actor.role))


@handlers.question(ListLots)
async def list_lots(question: ListLots, store: InventoryStore, work: Work) -> Page[LotView]:
    return await shelves.list_lots(store.connection, question)


@handlers.question(ListWaiting)
async def list_waiting(
    question: ListWaiting, store: InventoryStore, work: Work
) -> Page[WaitingView]:
    return await shelves.list_waiting(store.connection, question)


@handlers.question(ListCatalogueNames)
async def catalogue_names(
    question: ListCatalogueNames, store: InventoryStore, work: Work
) -> Page[CatalogueName]:
    return await shelves.catalogue_names(store.connection, question)
