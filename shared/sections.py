"""Sections as other services name them: asked of orders, whose they are."""

from __future__ import annotations

from uuid import UUID

from shared.contracts.orders import ListSections
from shared.handlers import Work
from shared.refusals import Refused

_AT_ONCE = 200


async def sections(work: Work) -> dict[UUID, str]:
    """Their names, by id."""
    found: dict[UUID, str] = {}
    cursor: str | None = None
    while True:
        page = await work.ask(ListSections(limit=_AT_ONCE, cursor=cursor))
        found |= {section.id: section.name for section in page.items}
        cursor = page.next
        if cursor is None:
            return found


async def ensure_section(section_id: UUID | None, work: Work) -> None:
    """Refused: ``section_not_found``. Nothing is asked where none is named."""
    if section_id is not None and section_id not in await sections(work):
        raise Refused("section_not_found", id=section_id)
