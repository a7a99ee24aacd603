"""Income and expenses one by one, also what the books note themselves: losses, finds, returns."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway.exports.rows import words_of
from services.gateway.exports.titles import CATEGORIES
from services.gateway.pages.names import orders_named, people_named
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import show
from shared.contracts.finance import ListRecords

RECORDS = "/money/records"


async def records(request: PageRequest) -> Response:
    """Newest first, as the address narrows them."""
    found = await request.ask(request.reads(ListRecords))
    return request.page(
        "money/records.html",
        found=found,
        categories={name: words_of(said, request.language) for name, said in CATEGORIES.items()},
        orders=await orders_named(request, [each.order_id for each in found.items]),
        people=await people_named(request, (each.actor for each in found.items)),
    )


PAGES = (show(RECORDS, records, needs=ListRecords),)
