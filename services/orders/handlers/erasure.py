"""A person asks to be forgotten: nothing may be open, and nothing names them afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.orders.domain.decision import naming
from services.orders.domain.erasure import anonymous
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.erasure import forget_comments, forgotten_comments, open_orders
from services.orders.store.queries import orders_naming
from shared.contracts.approvals import EstimateLinkRevoked
from shared.contracts.client_data import ClientErased, GetOpenOrders, OpenOrders
from shared.erasure import redact
from shared.handlers import Work


@handlers.question(GetOpenOrders)
async def get_open_orders(question: GetOpenOrders, store: OrdersStore, work: Work) -> OpenOrders:
    client_id = await store.copies.survivor_of(question.client_id)
    return OpenOrders(numbers=tuple(await open_orders(store.connection, client_id)))


async def _without_persons(events: Sequence[ClientErased], store: OrdersStore, _: Work) -> None:
    called: dict[UUID, str] = {}
    for event in events:
        orders = {
            order_id
            for alias in event.aliases
            for order_id in await orders_naming(store.connection, alias)
        }
        comments = await forgotten_comments(store.connection, orders, event.name)
        called |= dict.fromkeys((*event.aliases, *orders, *comments), event.name)
    await redact(store.connection, called)


@handlers.event(ClientErased, after=_without_persons)
async def client_erased(event: ClientErased, store: OrdersStore, work: Work) -> None:
    """Also what was opened while the erasure was under way; the copy refuses what comes later. The
    client's links open nothing any more, wherever they were sent on.

    What to look for in what the station wrote is what the copies say; their owner knows only what
    is left."""
    known = (await store.copies.kept(client_ids=event.aliases)).clients.values()
    orders = {
        order.id: order for alias in event.aliases for order in await store.orders_naming(alias)
    }
    # Cars that were sold on are others' by now, and their copies as old as the orders may be.
    named = {order.header.vehicle_id for order in orders.values() if order.header.vehicle_id}
    told = {vehicle.id for vehicle in event.vehicles}
    cars = dict(await store.copies.vehicles_in_full(named - told, work))
    for card in event.cards:
        store.copies.note_client(card)
    for vehicle in event.vehicles:
        cars[vehicle.id] = store.copies.note_vehicle(vehicle)
    words = {
        word
        for client in known
        for word in (
            *(client.name, client.last_name, client.company_name, client.email),
            *(client.phones or ()),
        )
        if word and word != event.name
    }
    for order in orders.values():
        vehicle_id = order.header.vehicle_id
        known_by = _without_plate(cars[vehicle_id]) if vehicle_id and vehicle_id in cars else None
        unnamed = anonymous(order, event.aliases, event.name, words, known_by, work.now)
        store.save(unnamed, work)
        if order.client_id in event.aliases and (link := await store.links.of(order.id)):
            store.links.save(link.revoked(work.now))
            work.publish(EstimateLinkRevoked(**naming(order), link_id=link.id))
    await forget_comments(store.connection, orders, words, event.name)


def _without_plate(car: Any) -> str | None:
    return " ".join(filter(None, (car.vendor, car.model, car.vin))) or None
