"""The head of an order, the steps of its life, and what people write beneath it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from services.gateway.pages.orders.asking import nothing
from services.gateway.pages.orders.edits import edited
from services.gateway.pages.orders.order import MANY, OPEN, shown, sight_of
from services.gateway.pages.orders.performers import nameable
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.client_links import Party as Linked
from shared.contracts.client_links import SuggestParties
from shared.contracts.clients import ListVehicles
from shared.contracts.orders import (
    AddComment,
    ChangeOrder,
    GetOrder,
    ListEmployees,
    ListOrderTypes,
    ListPosts,
    ListSections,
    MoveOrder,
)
from shared.contracts.work_order import GetWorkOrder, Party, WorkOrder
from shared.roles import MAY_DATE, MAY_WAIVE

_ALWAYS = frozenset({"order_id", "expected_revision"})

type Options = list[tuple[Any, str]]


async def edit_page(request: PageRequest) -> Response:
    order, whole = await asyncio.gather(
        request.ask(GetOrder(order_id=request.id("order_id"))),
        request.ask(GetWorkOrder(order_id=request.id("order_id"))),
    )
    vehicles, parties, sections, posts, people, types = await asyncio.gather(
        request.ask(ListVehicles(client_id=order.client_id)),
        request.ask(SuggestParties(client_id=order.client_id, vehicle_id=order.vehicle_id))
        if request.may("SuggestParties")
        else nothing(),
        request.ask(ListSections(limit=MANY)),
        request.ask(ListPosts(limit=MANY)),
        request.ask(ListEmployees(limit=MANY)),
        request.ask(ListOrderTypes(limit=MANY)),
    )
    russian = request.language == "ru"
    return request.page(
        "orders/edit.html",
        **shown(
            request,
            order=order,
            is_open=order.status in OPEN,
            cars=[(car.id, car.known_as) for car in vehicles.items],
            sections=[(each.id, each.name) for each in sections.items],
            posts=[(each.id, each.name) for each in posts.items],
            people=nameable(people.items, order),
            types=[
                (each.code, each.name if russian else each.name_en)
                for each in types.items
                if each.active or each.code == order.type
            ],
            payers=_options(whole, parties.payers if parties else (), whole.payer),
            drivers=_options(whole, parties.drivers if parties else (), whole.driver),
            may_date=request.signed_in.role in MAY_DATE,
        ),
    )


def _options(order: WorkOrder, linked: Iterable[Linked], chosen: Party | None) -> Options:
    """The client, those who are linked to them, and whoever is chosen already."""
    named = {order.customer.id: order.customer.name}
    named |= {party.client_id: party.name for party in linked}
    if chosen and chosen.id:
        named.setdefault(chosen.id, chosen.name)
    return list(named.items())


async def edit(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    said = request.form.message(ChangeOrder, order_id=order_id)
    order = await request.ask(GetOrder(order_id=order_id))
    command = edited(said, dict(order), _ALWAYS)
    if command.model_fields_set - _ALWAYS:
        await request.send(command)
    return request.go(f"/orders/{order_id}", said=request._("Saved"))


async def take_in(request: PageRequest) -> Response:
    return await _now(request, "vehicle_in_at", request._("The car is taken in"))


async def give_back(request: PageRequest) -> Response:
    return await _now(request, "vehicle_out_at", request._("The car is given back"))


async def _now(request: PageRequest, field: str, said: str) -> Response:
    """To the minute, as forms say times: pressed twice within it, it is pressed once."""
    order_id = request.id("order_id")
    named: dict[str, Any] = {field: datetime.now(UTC).replace(second=0, microsecond=0)}
    await request.send(request.form.message(ChangeOrder, order_id=order_id, **named))
    return request.go(f"/orders/{order_id}", said=said)


async def step_page(request: PageRequest) -> Response:
    """A step that wants a word first: why it is called off, reopened, or done all the same."""
    sight = await sight_of(request, request.id("order_id"))
    to = request.query.get("to", "done")
    return request.page(
        "orders/step.html",
        **shown(
            request,
            sight=sight,
            order=sight.order,
            to=to,
            may_waive=request.signed_in.role in MAY_WAIVE,
        ),
    )


async def step(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    moved = await request.send(request.form.message(MoveOrder, order_id=order_id))
    said = {
        "new": request._("The order is open"),
        "in_progress": request._("Work has begun"),
        "done": request._("The order is done"),
        "cancelled": request._("The order is called off"),
    }
    return request.go(f"/orders/{order_id}", said=said.get(moved.status))


async def comment(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    await request.send(request.form.message(AddComment, order_id=order_id))
    return request.go(f"/orders/{order_id}", said=request._("Comment added"))


PAGES = (
    show("/orders/{order_id}/edit", edit_page, needs=ChangeOrder),
    act("/orders/{order_id}/edit", edit, needs=ChangeOrder),
    act("/orders/{order_id}/car-in", take_in, needs=ChangeOrder),
    act("/orders/{order_id}/car-out", give_back, needs=ChangeOrder),
    show("/orders/{order_id}/step", step_page, needs=MoveOrder),
    act("/orders/{order_id}/step", step, needs=MoveOrder),
    act("/orders/{order_id}/comments", comment, needs=AddComment),
)
