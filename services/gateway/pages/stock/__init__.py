"""The storekeeper's pages: what lies where, and every document that moves it."""

from __future__ import annotations

from services.gateway.pages.stock import (
    counts,
    imports,
    labels,
    products,
    purchases,
    receipts,
    shelves,
    suppliers,
    transfers,
    write_offs,
)

_MODULES = (
    shelves,
    products,
    labels,
    receipts,
    purchases,
    transfers,
    write_offs,
    counts,
    suppliers,
    imports,
)
PAGES = tuple(page for module in _MODULES for page in module.PAGES)
