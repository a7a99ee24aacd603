"""``/orders``: all orders, newest first, narrowed down as somebody needs, or to those that a number
of a report counts."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from services.gateway.pages.orders.order import MANY, shown
from services.gateway.pages.periods import span_asked
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import show
from shared.contracts.orders import FindOrders, ListEmployees, ListSections

PER_PAGE = 50


async def orders_page(request: PageRequest) -> Response:
    """Of all times, unless the address says which."""
    span = None
    fixed: dict[str, Any] = {"limit": PER_PAGE}
    if request.query.keys() & {"span", "from", "until"}:
        _, span = span_asked(request)
        period = span.period(request.zone)
        fixed |= {"start": period.start, "end": period.end}
    asked = request.reads(FindOrders, **fixed)
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
            asked=asked,
            table=request.table("/orders", asked),
            span=span,
            sections={each.id: each.name for each in sections.items},
            people={each.id: each.name for each in people.items},
        ),
    )


PAGES = (show("/orders", orders_page, needs=FindOrders),)
