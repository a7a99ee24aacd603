"""Income and expenses one by one, also what the books note themselves: losses, finds, returns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.responses import Response

from services.gateway.exports.rows import words_of
from services.gateway.exports.titles import CATEGORIES
from services.gateway.pages.names import Asker, orders_named, people_named
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import show
from shared.contracts.finance import ListRecords, RecordView

RECORDS = "/money/records"


def said_of(record: RecordView, asker: Asker, moment: Callable[[datetime], str]) -> str | None:
    """What a record says of itself: that of a reopened order names what it takes back."""
    if record.type != "income" or record.reversed_at is None:
        return record.comment
    said = asker._(
        "Order reopened: the settlement of %(when)s is taken back", when=moment(record.reversed_at)
    )
    return f"{said} ({record.comment})" if record.comment else said


async def records(request: PageRequest) -> Response:
    """Newest first, as the address narrows them."""
    asked = request.reads(ListRecords)
    found = await request.ask(asked)
    return request.page(
        "money/records.html",
        found=found,
        table=request.table("/finance/records", asked),
        said={each.id: said_of(each, request, request.moment) for each in found.items},
        categories={name: words_of(said, request.language) for name, said in CATEGORIES.items()},
        orders=await orders_named(request, [each.order_id for each in found.items]),
        people=await people_named(request, (each.actor for each in found.items)),
    )


PAGES = (show(RECORDS, records, needs=ListRecords),)
