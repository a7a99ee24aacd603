"""Every message that comes in, in business order.

``catalogue``: products, warehouses and suppliers are made, edited, found. ``markup``: what goods
are sold for by what they cost. ``receipts``: goods come in. ``orders``: what orders want, let go
of, take and bring back. ``stock``: what lies where, and what moved. ``reports``: what came of it.
"""

from services.inventory.handlers import catalogue, markup, orders, receipts, reports, stock
from services.inventory.handlers.table import handlers

__all__ = ["catalogue", "handlers", "markup", "orders", "receipts", "reports", "stock"]
