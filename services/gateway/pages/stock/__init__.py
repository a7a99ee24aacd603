"""The storekeeper's pages: what lies where, and every document that moves it."""

from __future__ import annotations

from services.gateway.pages.stock import products, shelves

PAGES = (*shelves.PAGES, *products.PAGES)
