"""The list of clients: searched as somebody types, by tag or by segment; and a new card."""

from __future__ import annotations

from asyncio import gather
from typing import Any

from starlette.responses import Response

from services.gateway.pages.clients import words
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.base import Question
from shared.contracts.clients import CreateClient, FindClients
from shared.contracts.segments import ListSegments, SegmentClients
from shared.contracts.tags import ListTags

MOST = 200


async def clients(request: PageRequest) -> Response:
    """Clients that fit, or those of a segment with what their visits came to."""
    segment_id = request.query.get("segment_id") if request.may("SegmentClients") else None
    question: Any = request.reads(SegmentClients if segment_id else FindClients)
    page, tags, segments = await gather(
        request.ask(question), request.ask(ListTags(limit=MOST)), if_may(request, ListSegments())
    )
    return request.page(
        "clients/list.html",
        words=words,
        found=page.items if not segment_id else (),
        of_segment=page.items if segment_id else (),
        next=page.next,
        table=request.table(
            "/segments/{segment_id}/clients" if segment_id else "/clients", question
        ),
        segment_id=segment_id,
        tags=[(tag.id, tag.name) for tag in tags.items],
        segments=[(segment.id, segment.name) for segment in segments.items] if segments else [],
    )


async def create(request: PageRequest) -> Response:
    client = await request.send(request.form.message(CreateClient))
    said = request._("%(name)s is entered", name=client.name)
    return request.go(f"/clients/{client.id}", said=said)


async def pick(request: PageRequest) -> Response:
    """Clients to choose from, for a form that names another one."""
    typed = request.query.get("pick", "").strip()
    found = (await request.ask(FindClients(q=typed, limit=8))).items if typed else ()
    return request.page("clients/pick.html", typed=typed, found=found)


async def if_may(request: PageRequest, question: Question[Any]) -> Any:
    """The answer, for whoever may ask; for others None."""
    return await request.ask(question) if request.may(type(question).__name__) else None


PAGES = (
    show("/clients", clients, needs=FindClients),
    act("/clients", create, needs=CreateClient),
    show("/clients/pick", pick, needs=FindClients),
)
