"""Orders of any time: what the board no longer shows, and what is behind numbers of reports."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from services.gateway.pages.periods import span_asked
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import show
from shared.contracts.orders import FindOrders, ListEmployees, ListSections

ROWS = 50
NAMES = 200


async def order_list(request: PageRequest) -> Response:
    """Newest first; of all times, unless the address says which."""
    span = None
    fixed: dict[str, Any] = {"limit": ROWS}
    if request.query.keys() & {"span", "from", "until"}:
        _, span = span_asked(request)
        period = span.period(request.zone)
        fixed |= {"start": period.start, "end": period.end}
    question = request.reads(FindOrders, **fixed)
    orders, sections, people = await asyncio.gather(
        request.ask(question),
        request.ask(ListSections(limit=NAMES)),
        request.ask(ListEmployees(limit=NAMES)),
    )
    return request.page(
        "order_list/list.html",
        orders=orders.items,
        next=orders.next,
        question=question,
        span=span,
        sections={section.id: section.name for section in sections.items},
        people={person.id: person.name for person in people.items},
    )


PAGES = (show("/orders", order_list, needs=FindOrders),)
