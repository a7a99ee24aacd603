"""A work is put on an order: found while typing, with its price for this car, or in somebody's own
words; a package of works and goods; works that the client declined on an earlier visit."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from services.gateway.pages.orders.asking import nothing
from services.gateway.pages.orders.order import MANY, shown
from services.gateway.pages.orders.performers import who_does
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.approvals import DismissDeclinedWorks, TakeDeclinedWorks
from shared.contracts.orders import AddService, GetOrder, ListEmployees
from shared.contracts.works import AddPackage, ListPackages, OfferWorks

FOUND = 12
"""Hits that are shown while somebody types."""


async def find_page(request: PageRequest) -> Response:
    """What the catalogue has that fits what was typed; packages too."""
    q = request.query.get("q", "")
    order, works, packages = await asyncio.gather(
        request.ask(GetOrder(order_id=request.id("order_id"))),
        request.ask(OfferWorks(order_id=request.id("order_id"), q=q, limit=FOUND)),
        request.ask(ListPackages(q=q, limit=FOUND)) if request.may("AddPackage") else nothing(),
    )
    return request.page(
        "orders/find_work.html",
        **shown(
            request,
            order=order,
            q=q,
            works=works.items,
            packages=[each for each in packages.items if each.active] if packages else [],
        ),
    )


async def work_page(request: PageRequest) -> Response:
    """One work before it is put on the order: price, quantity, who does it."""
    order_id = request.id("order_id")
    asked = request.reads(OfferWorks, order_id=order_id)
    order, people, offered = await asyncio.gather(
        request.ask(GetOrder(order_id=order_id)),
        request.ask(ListEmployees(limit=MANY)),
        request.ask(asked) if asked.service_id else nothing(),
    )
    return request.page(
        "orders/work.html",
        **shown(
            request,
            order=order,
            work=offered.items[0] if offered else None,
            name=request.query.get("name", ""),
            people=[(each.id, each.name) for each in people.items if each.active],
        ),
    )


async def add_work(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    form, sharing = who_does(request.form)
    named: dict[str, Any] = {"performers": sharing} if sharing else {}
    added = await request.send(form.message(AddService, order_id=order_id, **named))
    return request.go(
        f"/orders/{order_id}", said=request._("Added: %(name)s", name=added.services[-1].name)
    )


async def add_package(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    await request.send(request.form.message(AddPackage, order_id=order_id))
    return request.go(f"/orders/{order_id}", said=request._("The package is on the order"))


async def take_declined(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    await request.send(request.form.message(TakeDeclinedWorks, order_id=order_id))
    return request.go(f"/orders/{order_id}", said=request._("It is on this order now"))


async def dismiss_declined(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    await request.send(request.form.message(DismissDeclinedWorks))
    return request.go(f"/orders/{order_id}", said=request._("It will not be offered again"))


PAGES = (
    show("/orders/{order_id}/works/find", find_page, needs=AddService),
    show("/orders/{order_id}/works/new", work_page, needs=AddService),
    act("/orders/{order_id}/works", add_work, needs=AddService),
    act("/orders/{order_id}/packages", add_package, needs=AddPackage),
    act("/orders/{order_id}/declined-works", take_declined, needs=TakeDeclinedWorks),
    act(
        "/orders/{order_id}/declined-works/dismissal",
        dismiss_declined,
        needs=DismissDeclinedWorks,
    ),
)
