"""Find anything: one box for phone, plate, VIN, name, order number, part number and barcode."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from services.gateway.pages.names import orders_named
from services.gateway.pages.request import PageRequest, if_there
from services.gateway.pages.routing import show
from shared.contracts.audit import FindRecords
from shared.contracts.base import Page, Question
from shared.contracts.clients import FindClients, FoundClient, VehicleView
from shared.contracts.inventory import FindProducts
from shared.contracts.order_reports import OrderName
from shared.contracts.orders import FindOrders

OF_EACH = 6
LOOKED_THROUGH = 100
"""Of what somebody did last: several records are of one order."""


@dataclass(frozen=True, slots=True)
class FoundCar:
    """``owner``: the name of whose card it was found by."""

    car: VehicleView
    owner: str


async def find(request: PageRequest) -> Response:
    """Whatever fits, of everything that this person may look for; without words, what they worked
    on last, and what is new."""
    q = request.query.get("q", "").strip()
    own, clients, orders, products = await asyncio.gather(
        _worked_on(request) if not q else _nothing(),
        _found(request, FindClients(q=q, limit=OF_EACH)),
        _found(request, FindOrders(q=q, limit=OF_EACH)),
        _found(request, FindProducts(q=q, limit=OF_EACH) if q else None),
    )
    people = clients.items if clients else ()
    return request.page(
        "find/find.html",
        q=q,
        own=own,
        clients=people,
        cars=cars_of(people, q)[:OF_EACH],
        orders=[each for each in orders.items if each.id not in own] if orders else (),
        products=products.items if products else (),
        incomplete=None in (clients, orders, products),
    )


async def _worked_on(request: PageRequest) -> dict[UUID, OrderName]:
    """The orders that this person did something about last, the latest first. The journal knows; it
    is asked in the gateway's own right, about nobody but them."""
    if not request.may("FindOrders"):
        return {}
    asked = FindRecords(actor=request.signed_in.login, limit=LOOKED_THROUGH)
    records = await if_there(request.services.ask(asked))
    touched = dict.fromkeys(each.order_id for each in (records.items if records else ()))
    wanted = [order_id for order_id in touched if order_id][:OF_EACH]
    named = await if_there(orders_named(request, wanted)) or {}
    return {order_id: named[order_id] for order_id in wanted if order_id in named}


async def _nothing() -> dict[UUID, OrderName]:
    return {}


def cars_of(clients: Iterable[FoundClient], q: str) -> list[FoundCar]:
    """All of theirs, those whose plate or VIN was typed first."""
    cars = [FoundCar(car, client.name) for client in clients for car in client.vehicles]
    wanted = _letters(q)
    return sorted(cars, key=lambda found: not _is_named(found.car, wanted))


def _is_named(car: VehicleView, wanted: str) -> bool:
    return bool(wanted) and any(wanted in _letters(said or "") for said in (car.plate, car.vin))


def _letters(text: str) -> str:
    return "".join(each for each in text.upper() if each.isalnum())


async def _found[ItemT](
    request: PageRequest, question: Question[Page[ItemT]] | None
) -> Page[ItemT] | None:
    """Nothing where there is nothing to ask or the role may not; None of a service that is away."""
    if question is None or not request.may(type(question).__name__):
        return Page(items=())
    return await request.ask_if_there(question)


PAGES = (show("/find", find),)
