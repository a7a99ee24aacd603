"""A part or a material is put on an order: found by name, number or barcode while typing, with what
each warehouse has of it."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.orders.order import shown
from services.gateway.pages.orders.works import FOUND
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.inventory import FindProducts, GetProduct, GetStock, ListWarehouses
from shared.contracts.orders import GetOrder, RequestParts


async def find_page(request: PageRequest) -> Response:
    q = request.query.get("q", "")
    order, products = await asyncio.gather(
        request.ask(GetOrder(order_id=request.id("order_id"))),
        request.ask(FindProducts(q=q, limit=FOUND)),
    )
    return request.page(
        "orders/find_part.html",
        **shown(
            request,
            order=order,
            q=q,
            products=[each for each in products.items if each.active],
            service_line_id=request.query.get("service_line_id", ""),
        ),
    )


async def part_page(request: PageRequest) -> Response:
    """One part before it is put on the order: how much, in which unit, for which work."""
    asked = request.reads(GetProduct)
    order, product, stock, warehouses = await asyncio.gather(
        request.ask(GetOrder(order_id=request.id("order_id"))),
        request.ask(asked),
        request.ask(GetStock(product_id=asked.product_id)),
        request.ask(ListWarehouses()),
    )
    names = {each.id: each.name for each in warehouses.items}
    return request.page(
        "orders/part.html",
        **shown(
            request,
            order=order,
            product=product,
            places=[(names.get(each.warehouse_id, "—"), each) for each in stock.items],
            units=[(unit.short_name, unit.short_name) for unit in product.units],
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
