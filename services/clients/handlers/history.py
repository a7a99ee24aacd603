"""What happened with a client: asked of the services that own it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.clients.domain.timeline import newest
from services.clients.handlers.table import handlers
from services.clients.store import ClientsStore
from shared.contracts.base import Page, Question
from shared.contracts.client_history import ClientHistory, GetClientHistory, HistoryItem
from shared.contracts.finance import ListPayments
from shared.contracts.messages import ListMessages
from shared.contracts.orders import FindOrders
from shared.handlers import Work
from shared.pagination import cursor_after, keys_of
from shared.refusals import Refused

type Place = str | None
"""Where a service's own list goes on; null: at its beginning."""

AT_END = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A service's list of one kind of thing."""

    service: str
    question: Callable[[UUID, int, Place], Question[Page[Any]]]
    item: Callable[[Any], HistoryItem]


SOURCES = (
    Source(
        "orders",
        lambda client_id, limit, cursor: FindOrders(
            client_id=client_id, limit=limit, cursor=cursor
        ),
        lambda order: HistoryItem(at=order.created_at, kind="order", order=order),
    ),
    Source(
        "finance",
        lambda client_id, limit, cursor: ListPayments(
            customer_id=client_id, limit=limit, cursor=cursor
        ),
        lambda payment: HistoryItem(at=payment.at, kind="payment", payment=payment),
    ),
    Source(
        "documents",
        lambda client_id, limit, cursor: ListMessages(
            client_id=client_id, limit=limit, cursor=cursor
        ),
        lambda message: HistoryItem(at=message.created_at, kind="message", message=message),
    ),
)


@handlers.question(GetClientHistory)
async def get_client_history(
    question: GetClientHistory, store: ClientsStore, work: Work
) -> ClientHistory:
    client = await store.look_at_client(question.client_id)
    places: tuple[Place, ...] = (None,) * len(SOURCES)
    missing: frozenset[str] = frozenset()
    if question.cursor:
        places, missing = keys_of(
            question.cursor, tuple[tuple[Place, Place, Place], frozenset[str]]
        )

    async def asked(source: Source, place: Place, limit: int) -> Page[Any] | None:
        """None: it does not answer."""
        if place == AT_END:
            return Page(items=())
        try:
            return await work.ask(source.question(client.id, limit, place))
        except Refused as refused:
            if refused.code != "service_unavailable":
                raise
            return None

    async def after(source: Source, place: Place, page: Page[Any] | None, taken: int) -> Place:
        """Where a service's list goes on when so many of the page have been shown."""
        if page is None or (taken == len(page.items) and page.next is None):
            return AT_END
        if taken == len(page.items):
            return page.next
        if taken == 0:
            return place
        shorter = await asked(source, place, taken)
        return (shorter.next or AT_END) if shorter else AT_END

    pages = await asyncio.gather(
        *(asked(*each, question.limit) for each in zip(SOURCES, places, strict=True))
    )
    items, taken = newest(
        [
            [source.item(thing) for thing in page.items] if page else []
            for source, page in zip(SOURCES, pages, strict=True)
        ],
        question.limit,
    )
    nexts = await asyncio.gather(
        *(after(*each) for each in zip(SOURCES, places, pages, taken, strict=True))
    )
    silent = {source.service for source, page in zip(SOURCES, pages, strict=True) if page is None}
    missing |= silent
    is_last = all(place == AT_END for place in nexts)
    return ClientHistory(
        items=tuple(items),
        next=None if is_last else cursor_after(nexts, sorted(missing)),
        missing=tuple(sorted(missing)),
    )
