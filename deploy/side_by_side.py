"""What several services have of the same things, put side by side: in pages by id, and again what
differed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from shared.contracts.base import Page, Question
from shared.contracts.reconciliation import Difference

LOOKS = 4
PAGE = 500

type Ask = Callable[[Question[Any]], Awaitable[Any]]
"""Asks the service that the question is for."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What several services have figures of. ``key``: what all of them, and what is seen of one,
    call its id. ``figures``: under which name each one's answer is seen."""

    key: str
    seen: Callable[[UUID], Any]
    figures: tuple[tuple[str, Callable[..., Question[Page[Any]]]], ...]
    compared: Callable[[Any], Iterator[Difference]]


async def side_by_side(ask: Ask, kinds: Sequence[Kind], pause_s: float) -> list[Difference]:
    """What stays different, however often it is looked at; in the order of the kinds."""
    found = {kind: await _first_look(ask, kind) for kind in kinds}
    for _ in range(LOOKS - 1):
        if not any(found.values()):
            break
        await asyncio.sleep(pause_s)
        found = {kind: await _still(ask, kind, list(wrong)) for kind, wrong in found.items()}
    return [each for wrong in found.values() for told in wrong.values() for each in told]


async def _first_look(ask: Ask, kind: Kind) -> dict[UUID, list[Difference]]:
    return {
        getattr(seen, kind.key): wrong
        async for seen in _every(ask, kind)
        if (wrong := list(kind.compared(seen)))
    }


async def _every(ask: Ask, kind: Kind) -> AsyncIterator[Any]:
    """The lists side by side, by the id; none of them is ever held whole."""
    streams = [(name, _all(ask, question)) for name, question in kind.figures]
    heads = {name: await anext(stream, None) for name, stream in streams}
    while waiting := [getattr(head, kind.key) for head in heads.values() if head is not None]:
        first = min(waiting)
        seen = kind.seen(first)
        for name, stream in streams:
            head = heads[name]
            if head is not None and getattr(head, kind.key) == first:
                seen = replace(seen, **{name: head})
                heads[name] = await anext(stream, None)
        yield seen


async def _all(ask: Ask, question: Callable[..., Question[Page[Any]]]) -> AsyncIterator[Any]:
    cursor: str | None = None
    while True:
        page: Page[Any] = await ask(question(limit=PAGE, cursor=cursor))
        for item in page.items:
            yield item
        if (cursor := page.next) is None:
            return


async def _still(ask: Ask, kind: Kind, ids: Sequence[UUID]) -> dict[UUID, list[Difference]]:
    """Those with which something is wrong now."""
    found: dict[UUID, list[Difference]] = {}
    for start in range(0, len(ids), PAGE):
        named = tuple(ids[start : start + PAGE])
        by_id = {each: kind.seen(each) for each in named}
        for name, question in kind.figures:
            page = await ask(question(**{f"{kind.key}s": named}, limit=PAGE))
            for item in page.items:
                key = getattr(item, kind.key)
                by_id[key] = replace(by_id[key], **{name: item})
        for key, seen in by_id.items():
            if wrong := list(kind.compared(seen)):
                found[key] = wrong
    return found
