"""Every message that comes in, in business order.

``catalogue``: products, warehouses and suppliers are made, edited, found. ``markup``: what goods
are sold for by what they cost. ``receipts``: goods come in. ``orders``: what orders want, let go
of, take and bring back. ``stock``: what lies where, what moved, and what it is worth.
``part_numbers``: what else a product is known by, and what does the same. ``imports``: price lists
and tables of analogues come in. ``offers``: what suppliers have.
"""

from services.inventory.handlers import (
    catalogue,
    imports,
    markup,
    offers,
    orders,
    part_numbers,
    receipts,
    stock,
)
from services.inventory.handlers.table import handlers

__all__ = [
    "catalogue",
    "handlers",
    "imports",
    "markup",
    "offers",
    "orders",
    "part_numbers",
    "receipts",
    "stock",
]
