"""The table that the modules beside this one fill."""

from __future__ import annotations

from services.inventory.store import InventoryStore
from shared.contracts import costing, inventory
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
        costing.IssueCostCorrected,
        costing.IssuedPartWrittenOff,
        costing.CellSaved,
        costing.HomeCellSet,
    ),
)
