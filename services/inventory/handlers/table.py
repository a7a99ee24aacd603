"""The table that the modules beside this one fill."""

from __future__ import annotations

from services.inventory.store import InventoryStore
from shared.contracts import inventory, purchase_orders, purchasing
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
        purchasing.StockSentBack,
        purchase_orders.PurchaseOrderSaved,
        purchase_orders.PrepaymentSet,
        inventory.PartsReserved,
        inventory.PartsUnavailable,
        inventory.ReservationReleased,
        inventory.PartsIssued,
        inventory.PartsReturned,
    ),
)
