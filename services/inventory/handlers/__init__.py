"""Every message that comes in, in business order.

``catalogue``: products, warehouses and suppliers are made, edited, found. ``markup``: what goods
are sold for by what they cost. ``purchases``: goods are ordered; ``specials``: for a client's
order. ``receipts``: they come in. ``returns``: they go back to their supplier. ``orders``: what
orders want, let go of, take and bring back. ``transfers``, ``write_offs``, ``counts``: the
storekeeper's own documents. ``stock``: what lies where, and what moved; ``shelves``: the
same as people look for it. ``reports``: what came of
it. ``figures``: what other services must agree with. ``cells``: the places within a warehouse.
``part_numbers``: what else a product is known by, and what does the same. ``imports``: price lists
and tables of analogues come in. ``offers``: what suppliers have.
"""

from services.inventory.handlers import (
    catalogue,
    cells,
    counts,
    figures,
    imports,
    markup,
    offers,
    orders,
    part_numbers,
    purchases,
    receipts,
    reports,
    returns,
    shelves,
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
    "imports",
    "markup",
    "offers",
    "orders",
    "part_numbers",
    "purchases",
    "receipts",
    "reports",
    "returns",
    "shelves",
    "specials",
    "stock",
    "transfers",
    "write_offs",
]
