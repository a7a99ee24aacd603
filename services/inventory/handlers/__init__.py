"""Every message that comes in, in business order.

``catalogue``: products, warehouses and suppliers are made, edited, found. ``markup``: what goods
are sold for by what they cost. ``receipts``: goods come in. ``orders``: what orders want, let go
of, take and bring back. ``cells``: the places within a warehouse. ``stock``: what lies
where, what moved, what it is worth, and whether the books agree.
"""

from services.inventory.handlers import catalogue, cells, markup, orders, receipts, stock
from services.inventory.handlers.table import handlers

__all__ = ["catalogue", "cells", "handlers", "markup", "orders", "receipts", "stock"]
