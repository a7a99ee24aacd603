"""Lists of several services, read as one line of time, page by page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.clients.domain.timeline import newest
from shared.contracts.base import Page
from shared.pagination import cursor_after, keys_of
from shared.refusals import Refused

type Place = str | None
"""Where a service's own list goes on; null: at its beginning."""

AT_END = ""


@dataclass(frozen=True, slots=True)
class Source[ItemT]:
    """A service's list of one kind of thing, newest first: a page of it by limit and place."""

    service: str
    read: Callable[[int, Place], Awaitable[Page[Any]]]
    item: Callable[[Any], ItemT]


@dataclass(frozen=True, slots=True)
class Stretch[ItemT]:
    """A page of the line, and who did not answer on the way to it."""

    items: list[ItemT]
    next: str | None
    missing: tuple[str, ...]


async def stretch[ItemT](
    sources: Sequence[Source[ItemT]],
    at: Callable[[ItemT], datetime],
    limit: int,
    cursor: str | None,
) -> Stretch[ItemT]:
    """Raises ``Refused``: as the sources do, but for ``service_unavailable``;
    ``cursor_invalid``."""
    places: list[Place] = [None] * len(sources)
    missing: set[str] = set()
    if cursor:
        places, missing = keys_of(cursor, tuple[list[Place], set[str]])
        if len(places) != len(sources):
            raise Refused("cursor_invalid")
    pages = await asyncio.gather(
        *(_read(source, place, limit) for source, place in zip(sources, places, strict=True))
    )
    items, taken = newest(
        [
            [source.item(thing) for thing in page.items] if page else []
            for source, page in zip(sources, pages, strict=True)
        ],
        at,
        limit,
    )
    nexts = await asyncio.gather(
        *(_after(*each) for each in zip(sources, places, pages, taken, strict=True))
    )
    for source, page in zip(sources, pages, strict=True):
        if page is None:
            missing.add(source.service)
    is_last = all(place == AT_END for place in nexts)
    return Stretch(
        items,
        None if is_last else cursor_after(nexts, sorted(missing)),
        tuple(sorted(missing)),
    )


async def _read(source: Source[Any], place: Place, limit: int) -> Page[Any] | None:
    """None: it does not answer."""
    if place == AT_END:
        return Page(items=())
    try:
        return await source.read(limit, place)
    except Refused as refused:
        if refused.code != "service_unavailable":
            raise
        return None


async def _after(source: Source[Any], place: Place, page: Page[Any] | None, taken: int) -> Place:
    """Where a service's list goes on when so many of the page have been shown."""
    if page is None:
        return AT_END
    if taken == len(page.items):
        return page.next or AT_END
    if taken == 0:
        return place
    shorter = await _read(source, place, taken)
    return (shorter and shorter.next) or AT_END
