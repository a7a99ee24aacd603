"""Questions whose answer may be that there is nothing."""

from __future__ import annotations

from services.gateway.pages.request import PageRequest
from shared.contracts.base import Question
from shared.refusals import Refused


async def nothing() -> None:
    """In the place of a question that this person may not ask."""


async def or_none[ReplyT](
    request: PageRequest, question: Question[ReplyT], code: str
) -> ReplyT | None:
    """The answer; none where the service says, by that refusal, that there is nothing."""
    try:
        return await request.ask(question)
    except Refused as refusal:
        if refusal.code != code:
            raise
        return None
