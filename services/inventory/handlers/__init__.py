"""Every message that comes in, in business order.

``catalogue``: products, warehouses and suppliers are made, edited, found. ``markup``: what goods
are sold for by what they cost. ``receipts``: goods come in. ``orders``: what orders want, let go
of, take and bring back. ``transfers``, ``write_offs``, ``counts``: the storekeeper's own
documents. ``stock``: what lies where, and what moved. ``reports``: what came of it.
``figures``: what other services must agree with. ``cells``: the places within a warehouse.
"""

from services.inventory.handlers import (
    catalogue,
    cells,
    counts,
    figures,
    markup,
    orders,
    receipts,
    reports,
    stock,
    transfers,
    write_offs,
)
from services.inventory.handlers.table import handlers

__all__ = [
    "catalogue",
    "cells",
    "counts",
    "figures",
    "handlers",
    "markup",
    "orders",
    "receipts",
    "reports",
    "stock",
    "transfers",
    "write_offs",
]
