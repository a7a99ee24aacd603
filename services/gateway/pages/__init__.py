"""Pages for people: what stations look at all day, and what their clients see."""

from __future__ import annotations

from starlette.routing import BaseRoute

from services.gateway.pages import (
    audit,
    bay,
    board,
    clients,
    dashboard,
    find,
    home,
    jobs,
    load,
    money,
    ops,
    orders,
    photos,
    profile,
    reports,
    settings,
    sign_in,
    stock,
    till,
    users,
    vehicles,
    visits,
)
from services.gateway.pages.routing import http_pages

MODULES = (
    audit,
    bay,
    board,
    clients,
    dashboard,
    find,
    home,
    jobs,
    load,
    money,
    ops,
    orders,
    photos,
    profile,
    reports,
    settings,
    sign_in,
    stock,
    till,
    users,
    vehicles,
    visits,
)
"""Every module with a table of pages."""


def page_routes() -> list[BaseRoute]:
    return http_pages(page for module in MODULES for page in module.PAGES)
