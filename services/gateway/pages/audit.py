"""The journal: who did what, when; and whether the chain of its records is whole."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway.pages.names import orders_named, people_named
from services.gateway.pages.orders.events import EVENTS
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import show
from shared.contracts.audit import AuditRecord, FindRecords, VerifyChain
from shared.contracts.orders import FindOrders
from shared.refusals import Refused

AUDIT = "/audit"


async def records(request: PageRequest) -> Response:
    """Newest first, narrowed by the address; an order by its number."""
    fixed = {}
    if number := request.query["order"]:
        found = await request.ask(FindOrders(q=number, limit=1))
        if not found.items:
            raise Refused("order_not_found", id=number)
        fixed = {"order_id": found.items[0].id}
    page = await request.ask(request.reads(FindRecords, **fixed))
    numbers = await orders_named(request, [record.order_id for record in page.items])
    return request.page(
        "audit/records.html",
        page=page,
        numbers=numbers,
        people=await people_named(request, (record.actor for record in page.items)),
        told=told,
        looks=EVENTS,
    )


async def chain(request: PageRequest) -> Response:
    """Reckons the whole chain anew: it takes a while, and is asked for on purpose."""
    return request.page("audit/chain.html", state=await request.ask(VerifyChain()))


def told(record: AuditRecord) -> list[tuple[str, object, object]]:
    """What the record's event says, field by field: old and new where it is an edit."""
    if record.changes:
        return [(change.field, change.old, change.new) for change in record.changes]
    return [
        (name, None, value)
        for name, value in record.body.items()
        if not isinstance(value, dict | list) and value is not None and not name.endswith("id")
    ]


PAGES = (
    show(AUDIT, records, needs=FindRecords),
    show(AUDIT + "/chain", chain, needs=VerifyChain),
)
