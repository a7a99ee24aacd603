"""``/orders``: all orders, newest first, narrowed down as somebody needs."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from services.gateway.pages.orders.order import MANY, shown
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import show
from services.gateway.problems import field_invalid
from shared.contracts.orders import FindOrders, ListEmployees, ListSections

PER_PAGE = 50


async def orders_page(request: PageRequest) -> Response:
    asked = request.reads(FindOrders, limit=PER_PAGE, **_period(request))
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


def _period(request: PageRequest) -> dict[str, datetime]:
    """Whole days of the station, both meant: the second one ends with its midnight."""
    ends = {}
    for name, field, later in (("start", "from", 0), ("end", "to", 1)):
        if said := request.query.get(field):
            ends[name] = _midnight(field, said, request.zone, later)
    return ends


def _midnight(field: str, said: str, zone: ZoneInfo, later: int) -> datetime:
    try:
        day = date.fromisoformat(said) + timedelta(days=later)
    except (ValueError, OverflowError):
        raise field_invalid(field, "It is not a date", "это не дата") from None
    return datetime(day.year, day.month, day.day, tzinfo=zone)


PAGES = (show("/orders", orders_page, needs=FindOrders),)
