"""Pages for people: what stations look at all day, and what their clients see."""

from __future__ import annotations

from starlette.routing import BaseRoute

from services.gateway.pages import (
    audit,
    board,
    dashboard,
    find,
    home,
    money,
    ops,
    profile,
    reports,
    sign_in,
    till,
    users,
)
from services.gateway.pages.routing import http_pages

MODULES = (
    audit,
    board,
    dashboard,
    find,
    home,
    money,
    ops,
    profile,
    reports,
    sign_in,
    till,
    users,
)
"""Every module with a table of pages."""


def page_routes() -> list[BaseRoute]:
    pages = [page for module in MODULES for page in module.PAGES]
    return http_pages([*pages, home.NOTHING_HERE])
