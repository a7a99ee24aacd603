"""The table that the modules beside this one fill."""

from __future__ import annotations

from services.inventory.store import InventoryStore
from shared.contracts import (
    costing,
    inventory,
    orders,
    part_numbers,
    price_lists,
    purchase_orders,
    purchasing,
    reconciliation,
    stock_counts,
    stock_documents,
)
from shared.contracts.base import Period
from shared.handlers import Handlers
from shared.refusals import Refused

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
        stock_documents.TransferSent,
        stock_documents.TransferReceived,
        stock_documents.TransferCancelled,
        stock_documents.StockWrittenOff,
        stock_documents.WriteOffCancelled,
        stock_counts.CountStarted,
        stock_counts.ProductCounted,
        stock_counts.CountPosted,
        stock_counts.StockCorrected,
        stock_counts.CountCancelled,
        costing.IssueCostCorrected,
        costing.IssuedPartWrittenOff,
        costing.CellSaved,
        costing.HomeCellSet,
        part_numbers.PartNumbersSaved,
        part_numbers.BarcodesSaved,
        price_lists.StockImportMoved,
    ),
    asks=(orders.GetOrder, purchase_orders.GetDeposit, reconciliation.GetBooksFigures),
)


def check_period(period: Period) -> None:
    """Refused: ``period_invalid``."""
    if period.start and period.end and period.start > period.end:
        raise Refused("period_invalid")
