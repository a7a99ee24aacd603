"""Everything that happened to an order, in words: who, when, old and new."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from services.gateway.pages.audit_facts import in_language
from services.gateway.pages.names import people_named
from services.gateway.pages.orders import events, looks
from services.gateway.pages.orders.lines import lines_of
from services.gateway.pages.orders.order import MANY, shown
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import show
from shared.contracts.audit import OrderTimeline, TimelineEntry
from shared.contracts.orders import GetOrder, ListEmployees, ListPosts, ListSections, NewsTaken


@dataclass(frozen=True, slots=True)
class Happening:
    """An entry of the timeline, as people read it."""

    entry: TimelineEntry
    look: looks.Look
    about: tuple[Any, ...]
    """What it happened to: names, texts, moments, sums."""
    changes: tuple[tuple[str, Any, Any], ...]
    """The field's name, old and new."""


async def timeline_page(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    asked = request.reads(OrderTimeline, order_id=order_id, newest_first=True)
    order, listed, people, sections, posts = await asyncio.gather(
        request.ask(GetOrder(order_id=order_id)),
        request.ask(asked),
        request.ask(ListEmployees(limit=MANY)),
        request.ask(ListSections(limit=MANY)),
        request.ask(ListPosts(limit=MANY)),
    )
    known = {str(each.id): each.name for each in people.items}
    known |= {str(each.id): each.name for each in sections.items}
    known |= {str(each.id): each.name for each in posts.items}
    known |= {str(line.id): line.name for line in lines_of(order)}
    parts = (*order.products, *order.materials)
    known |= {str(part.product_id): f"«{part.name}»" for part in parts}
    known |= {code: request._(word) for code, word in events.CODES.items()}
    known[str(order.client_id)] = order.client_name
    # That the order shows by now what was told elsewhere, says nothing new.
    entries = [
        entry
        for entry in listed.items
        if entry.event in events.EVENTS and entry.event != NewsTaken.subject
    ]
    return request.page(
        "orders/timeline.html",
        **shown(
            request,
            order=order,
            happenings=[
                _happening(entry, known, request.language, order.completed_at) for entry in entries
            ],
            next=listed.next,
            names=await people_named(request, (entry.actor for entry in entries)),
        ),
    )


def _happening(
    entry: TimelineEntry, known: Mapping[str, str], language: str, done_at: datetime | None
) -> Happening:
    edited = [
        (events.field_name(change, entry.at, done_at), change.old, change.new)
        for change in entry.changes
        if change.field in events.FIELDS
    ]
    steps = [*events.steps(entry.body), *edited]
    told = dict.fromkeys(events.about(in_language(entry.body, language, known), known))
    return Happening(
        entry,
        events.EVENTS[entry.event],
        # A sum or a time that has changed is told with what it was.
        tuple(said for said in told if not (steps and isinstance(said, Decimal | datetime))),
        tuple(
            (name, events.value(old, known), events.value(new, known)) for name, old, new in steps
        ),
    )


PAGES = (show("/orders/{order_id}/timeline", timeline_page, needs=OrderTimeline),)
