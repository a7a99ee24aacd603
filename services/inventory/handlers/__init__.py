"""Every message that comes in, in business order.

``catalogue``: products, warehouses and suppliers are made, edited, found. ``markup``: what goods
are sold for by what they cost. ``purchases``: goods are ordered; ``specials``: for a client's
order. ``receipts``: they come in. ``returns``: they go back to their supplier. ``orders``: what
orders want, let go of, take and bring back. ``transfers``, ``write_offs``, ``counts``: the
storekeeper's own documents. ``stock``: what lies where, what moved, and what it is worth.
``figures``: what other services must agree with. ``cells``: the places within a warehouse.
"""

from services.inventory.handlers import (
    catalogue,
    cells,
    counts,
    figures,
    markup,
    orders,
    purchases,
    receipts,
    returns,
    specials,
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
    "purchases",
    "receipts",
    "returns",
    "specials",
    "stock",
    "transfers",
    "write_offs",
]
