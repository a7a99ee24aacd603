"""A line that is on an order: edited, moved on, taken off; how its price came about."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from starlette.responses import Response

from services.gateway.pages.names import people_named
from services.gateway.pages.orders.asking import nothing
from services.gateway.pages.orders.edits import edited
from services.gateway.pages.orders.order import MANY, shown
from services.gateway.pages.orders.performers import nameable, who_does, with_performers
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.inventory import GetProduct
from shared.contracts.orders import (
    ChangeLine,
    GetOrder,
    ListEmployees,
    ListPriceSteps,
    OrderView,
    PartLineView,
    RemoveLine,
    ServiceLineView,
)
from shared.refusals import Refused

type Line = ServiceLineView | PartLineView

_ALWAYS = frozenset({"order_id", "line_id", "expected_revision", "on_removal", "reason"})


def lines_of(order: OrderView) -> tuple[Line, ...]:
    return (*order.services, *order.products, *order.materials)


def line_of(order: OrderView, line_id: UUID) -> Line:
    """Raises ``line_not_found``."""
    for line in lines_of(order):
        if line.id == line_id:
            return line
    raise Refused("line_not_found", id=line_id)


async def edit_page(request: PageRequest) -> Response:
    order_id, line_id = request.id("order_id"), request.id("line_id")
    order = await request.ask(GetOrder(order_id=order_id))
    line = line_of(order, line_id)
    is_work = isinstance(line, ServiceLineView)
    people, product = await asyncio.gather(
        request.ask(ListEmployees(limit=MANY)) if is_work else nothing(),
        request.ask(GetProduct(product_id=line.product_id))
        if isinstance(line, PartLineView)
        else nothing(),
    )
    return request.page(
        "orders/line.html",
        **shown(
            request,
            order=order,
            line=line,
            is_work=is_work,
            people=nameable(people.items, order) if people else (),
            units=[(unit.short_name, unit.short_name) for unit in product.units] if product else (),
        ),
    )


async def edit(request: PageRequest) -> Response:
    """The form says every field of the line; what is as it was is nobody's edit."""
    order_id, line_id = request.id("order_id"), request.id("line_id")
    form, sharing = who_does(request.form)
    said = form.message(ChangeLine, order_id=order_id, line_id=line_id)
    line = line_of(await request.ask(GetOrder(order_id=order_id)), line_id)
    command = edited(said, _before(line), _ALWAYS)
    if isinstance(line, ServiceLineView):
        command = with_performers(command, sharing, line.performers)
    if isinstance(line, PartLineView) and {"quantity", "measure"} & command.model_fields_set:
        again = {"quantity": said.quantity, "measure": said.measure or line.entered_measure}
        command = command.model_copy(update=again)
    if command.model_fields_set - _ALWAYS:
        await request.send(command)
    return request.go(f"/orders/{order_id}", said=request._("Saved"))


def _before(line: Line) -> dict[str, Any]:
    """A part as it was entered, in the unit in which it is shown."""
    if isinstance(line, ServiceLineView):
        return dict(line)
    return {**dict(line), "quantity": line.entered_quantity, "measure": line.entered_measure}


async def progress(request: PageRequest) -> Response:
    """A work begins or is finished: one press of a button."""
    order_id = request.id("order_id")
    await request.send(
        request.form.message(ChangeLine, order_id=order_id, line_id=request.id("line_id"))
    )
    return request.go(f"/orders/{order_id}")


async def remove_page(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    order = await request.ask(GetOrder(order_id=order_id))
    line = line_of(order, request.id("line_id"))
    return request.page(
        "orders/remove.html",
        **shown(
            request,
            order=order,
            line=line,
            is_work=isinstance(line, ServiceLineView),
            materials=[each for each in order.materials if each.service_line_id == line.id],
        ),
    )


async def remove(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    await request.send(
        request.form.message(RemoveLine, order_id=order_id, line_id=request.id("line_id"))
    )
    return request.go(f"/orders/{order_id}", said=request._("The line is off the order"))


async def prices_page(request: PageRequest) -> Response:
    order_id, line_id = request.id("order_id"), request.id("line_id")
    order, steps = await asyncio.gather(
        request.ask(GetOrder(order_id=order_id)),
        request.ask(ListPriceSteps(order_id=order_id, line_id=line_id, limit=MANY)),
    )
    return request.page(
        "orders/prices.html",
        **shown(
            request,
            order=order,
            line=line_of(order, line_id),
            steps=steps.items,
            names=await people_named(request, (step.by for step in steps.items)),
        ),
    )


_LINE = "/orders/{order_id}/lines/{line_id}"
PAGES = (
    show(f"{_LINE}/edit", edit_page, needs=ChangeLine),
    act(f"{_LINE}/edit", edit, needs=ChangeLine),
    act(f"{_LINE}/progress", progress, needs=ChangeLine),
    show(f"{_LINE}/remove", remove_page, needs=RemoveLine),
    act(f"{_LINE}/remove", remove, needs=RemoveLine),
    show(f"{_LINE}/prices", prices_page, needs=ListPriceSteps),
)
