"""The journal: who did what, when; and whether the chain of its records is whole."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from services.gateway.pages.audit_events import EVENTS, choices
from services.gateway.pages.audit_facts import facts_of, known_words
from services.gateway.pages.names import orders_named, people_named
from services.gateway.pages.orders.order import MANY
from services.gateway.pages.request import PageRequest, if_there
from services.gateway.pages.routing import show
from shared.contracts.audit import FindRecords, VerifyChain
from shared.contracts.orders import FindOrders, ListEmployees, ListPosts, ListSections
from shared.refusals import Refused

AUDIT = "/audit"


async def records(request: PageRequest) -> Response:
    """Newest first, narrowed by the address; an order by its number. Shown without names where
    those who know them are away."""
    fixed = {}
    if number := request.query["order"]:
        found = await request.ask(FindOrders(q=number, limit=1))
        if not found.items:
            raise Refused("order_not_found", id=number)
        fixed = {"order_id": found.items[0].id}
    asked = request.reads(FindRecords, **fixed)
    page = await request.ask(asked)
    numbers, people, known = await asyncio.gather(
        if_there(orders_named(request, [record.order_id for record in page.items])),
        people_named(request, (record.actor for record in page.items)),
        _known(request),
    )
    return request.page(
        "audit/records.html",
        page=page,
        numbers=numbers or {},
        people=people,
        facts={record.seq: facts_of(record, known, request.language) for record in page.items},
        looks=EVENTS,
        events=choices(request._),
        table=request.table("/audit", asked),
    )


async def chain(request: PageRequest) -> Response:
    """Reckons the whole chain anew, stretch by stretch: it takes a while, and is asked for on
    purpose."""
    return request.page(
        "audit/chain.html",
        state=await request.ask(request.reads(VerifyChain)),
        here=AUDIT + "/chain",
    )


async def _known(request: PageRequest) -> dict[str, str]:
    """What ids and codes of records are called."""
    asked: list[Any] = [ListEmployees(limit=MANY), ListSections(limit=MANY), ListPosts(limit=MANY)]
    lists = await asyncio.gather(*(request.ask_if_there(question) for question in asked))
    known = {str(each.id): each.name for found in lists if found for each in found.items}
    return known | known_words(request._)


PAGES = (
    show(AUDIT, records, needs=FindRecords),
    show(AUDIT + "/chain", chain, needs=VerifyChain),
)
