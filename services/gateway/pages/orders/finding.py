"""``/orders``: all orders, newest first, narrowed down as somebody needs."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.orders.order import MANY, shown
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import show
from shared.contracts.orders import FindOrders, ListEmployees, ListSections

PER_PAGE = 50


async def orders_page(request: PageRequest) -> Response:
    asked = request.reads(FindOrders, limit=PER_PAGE)
    found, sections, people = await asyncio.gather(
        request.ask(asked),
        request.ask(ListSections(limit=MANY)),
        request.ask(ListEmployees(limit=MANY)),
    )
    return request.page(
        "orders/orders.html",
        **shown(
            request,
            found=found,
            sections={each.id: each.name for each in sections.items},
            people={each.id: each.name for each in people.items},
        ),
    )


PAGES = (show("/orders", orders_page, needs=FindOrders),)
