"""A part or a material is put on an order: found by name, number or barcode while typing, with what
each warehouse has of it."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.orders.order import shown
from services.gateway.pages.orders.works import FOUND
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.inventory import GetProduct
from shared.contracts.orders import GetOrder, RequestParts
from shared.contracts.shelves import FindStock
from shared.refusals import Refused


async def find_page(request: PageRequest) -> Response:
    q = request.query.get("q", "")
    order, found = await asyncio.gather(
        request.ask(GetOrder(order_id=request.id("order_id"))),
        request.ask(FindStock(q=q, limit=FOUND)),
    )
    return request.page(
        "orders/find_part.html",
        **shown(
            request,
            order=order,
            q=q,
            shelves=[each for each in found.items if each.product.active],
            service_line_id=request.query.get("service_line_id", ""),
        ),
    )


async def part_page(request: PageRequest) -> Response:
    """One part before it is put on the order: how much, in which unit, for which work."""
    asked = request.reads(GetProduct)
    order, found = await asyncio.gather(
        request.ask(GetOrder(order_id=request.id("order_id"))),
        request.ask(FindStock(product_id=asked.product_id)),
    )
    if not found.items:
        raise Refused("product_not_found", id=asked.product_id)
    (shelf,) = found.items
    return request.page(
        "orders/part.html",
        **shown(
            request,
            order=order,
            shelf=shelf,
            units=[(unit.short_name, unit.short_name) for unit in shelf.product.units],
            jobs=[
                (line.id, line.name) for line in order.services if line.approval.state != "declined"
            ],
            service_line_id=request.query.get("service_line_id", ""),
        ),
    )


async def add_part(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    await request.send(request.form.message(RequestParts, order_id=order_id))
    return request.go(f"/orders/{order_id}", said=request._("The part is requested"))


PAGES = (
    show("/orders/{order_id}/parts/find", find_page, needs=RequestParts),
    show("/orders/{order_id}/parts/new", part_page, needs=RequestParts),
    act("/orders/{order_id}/parts", add_part, needs=RequestParts),
)
