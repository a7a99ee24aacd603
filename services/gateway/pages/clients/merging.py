"""Two cards that may be of one client: compared, made one, or told apart."""

from __future__ import annotations

from asyncio import gather
from urllib.parse import quote

from starlette.responses import Response

from services.gateway.pages.clients import words
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.client_merge import DismissDuplicate, FindDuplicates, MergeClients
from shared.contracts.clients import GetClient
from shared.contracts.finance import GetBalance


async def duplicates(request: PageRequest) -> Response:
    page = await request.ask(request.reads(FindDuplicates))
    return request.page("clients/duplicates.html", pairs=page.items, next=page.next, words=words)


async def compare_with(request: PageRequest) -> Response:
    """With the card that was picked."""
    client_id, other_id = request.id("client_id"), request.query.get("other_id")
    if not other_id:
        return request.go(f"/clients/{client_id}", said=request._("Choose the other card first"))
    return request.go(f"/clients/{client_id}/merge/{quote(other_id, safe='')}")


async def compare(request: PageRequest) -> Response:
    """Both cards side by side; either of them may remain."""
    ids = (request.id("client_id"), request.id("other_id"))
    one, other, of_one, of_other = await gather(
        *(request.ask(GetClient(client_id=each)) for each in ids),
        *(request.ask(GetBalance(client_id=each)) for each in ids),
    )
    return request.page(
        "clients/compare.html", cards=((one, of_one, other), (other, of_other, one)), words=words
    )


async def merge(request: PageRequest) -> Response:
    client_id = request.id("client_id")
    merged = await request.send(request.form.message(MergeClients, client_id=client_id))
    said = request._("Both cards are one now: %(name)s", name=merged.name)
    return request.go(f"/clients/{merged.id}", said=said)


async def dismiss(request: PageRequest) -> Response:
    await request.send(request.form.message(DismissDuplicate))
    return request.go("/clients/duplicates", said=request._("They are not shown as alike any more"))


PAGES = (
    show("/clients/duplicates", duplicates, needs=FindDuplicates),
    act("/clients/duplicates/dismiss", dismiss, needs=DismissDuplicate),
    show("/clients/{client_id}/merge", compare_with, needs=MergeClients),
    show("/clients/{client_id}/merge/{other_id}", compare, needs=MergeClients),
    act("/clients/{client_id}/merge", merge, needs=MergeClients),
)
