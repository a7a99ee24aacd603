"""A person asks to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from services.clients.domain.cards import client_view
from services.clients.domain.erasure import erased, without_plate
from services.clients.domain.vehicles import new_facts, vehicle_view
from services.clients.handlers.table import handlers
from services.clients.store import ClientsStore, importing
from shared.contracts.client_data import (
    ClientErased,
    EraseClient,
    ErasedClient,
    GetOpenOrders,
)
from shared.contracts.finance import GetBalance
from shared.erasure import redact
from shared.handlers import Work
from shared.nobody import name_of
from shared.refusals import Refused


async def nothing_is_open(command: EraseClient, store: ClientsStore, work: Work) -> EraseClient:
    """Raises ``Refused``: ``client_has_open_orders``, ``client_has_money``. Asked of every card of
    the client: others may not have heard yet which are one."""
    aliases = await store.erasure.aliases(command.client_id)
    await store.release()
    asked = (GetOpenOrders, GetBalance)
    await work.ask_ahead(question(client_id=one) for one in aliases for question in asked)
    for client_id in aliases:
        open_orders = await work.ask(GetOpenOrders(client_id=client_id))
        if open_orders.numbers:
            raise Refused("client_has_open_orders", numbers=", ".join(open_orders.numbers))
    for client_id in aliases:
        balance = await work.ask(GetBalance(client_id=client_id))
        if balance.debt or balance.deposit:
            raise Refused("client_has_money", debt=balance.debt, deposit=balance.deposit)
    return command


@handlers.command(EraseClient, before=nothing_is_open)
async def erase_client(command: EraseClient, store: ClientsStore, work: Work) -> ErasedClient:
    client = await store.client(command.client_id)
    name = name_of(client.id)
    aliases = await store.erasure.aliases(client.id)
    cards = await store.cards(aliases)
    cars = await store.cars_of(client.id)
    anonymous = [erased(card, name, work.now) for card in cards]
    for card in anonymous:
        store.save_client(card)
    parked = [without_plate(car, work.now) for car in cars]
    for before, after in zip(cars, parked, strict=True):
        store.save_vehicle(after, new_facts(before, after, work.now))
    await store.write()
    await store.erasure.forget_plates(aliases)
    await store.erasure.forget_besides(aliases)
    await store.tags.strip(aliases)
    await store.links.forget(aliases)
    await store.erasure.forget_words([card.name for card in cards])
    work.publish(
        ClientErased(
            client_id=client.id,
            name=name,
            reason=command.reason,
            aliases=tuple(aliases),
            cards=tuple(map(client_view, anonymous)),
            vehicles=tuple(map(vehicle_view, parked)),
        )
    )
    return ErasedClient(client_id=client.id, name=name, erased_at=work.now)


async def _without_persons(events: Sequence[ClientErased], store: ClientsStore, _: Work) -> None:
    named = {
        one: event.name
        for event in events
        for one in (*event.aliases, *(car.id for car in event.vehicles))
    }
    await redact(store.connection, named)
    await importing.forget_cells(store.connection)


@handlers.event(ClientErased, after=_without_persons)
async def client_erased(event: ClientErased, store: ClientsStore, work: Work) -> None:
    """Only events, kept answers and cells of lists are left to be gone through."""
