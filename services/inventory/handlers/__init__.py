"""Every message that comes in, in business order.

``catalogue``: products, warehouses and suppliers are made, edited, found. ``markup``: what goods
are sold for by what they cost. ``receipts``: goods come in. ``returns``: they go back to their
supplier. ``orders``: what orders want, let go of, take and bring back. ``stock``: what lies where,
what moved, and what it is worth.
"""

from services.inventory.handlers import catalogue, markup, orders, receipts, returns, stock
from services.inventory.handlers.table import handlers

__all__ = ["catalogue", "handlers", "markup", "orders", "receipts", "returns", "stock"]
