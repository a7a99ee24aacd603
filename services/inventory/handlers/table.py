"""The table that the modules beside this one fill."""

from __future__ import annotations

from services.inventory.store import InventoryStore
from shared.contracts import inventory, part_numbers, price_lists
from shared.handlers import Handlers

handlers = Handlers(
    "inventory",
    InventoryStore,
    refused=inventory.InventoryCommandRefused,
    publishes=(
        inventory.ProductSaved,
        inventory.PlaceSaved,
        inventory.UnitSaved,
        inventory.MarkupRulesSaved,
        inventory.RepricingDue,
        inventory.StockReceived,
        inventory.PartsReserved,
        inventory.PartsUnavailable,
        inventory.ReservationReleased,
        inventory.PartsIssued,
        inventory.PartsReturned,
        part_numbers.PartNumbersSaved,
        part_numbers.BarcodesSaved,
        price_lists.StockImportMoved,
    ),
)
