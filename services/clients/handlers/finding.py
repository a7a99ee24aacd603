"""Who is calling, and in what do they come? Cards and cars to look at."""

from __future__ import annotations

from operator import attrgetter

from services.clients.domain.cards import Client, client_view
from services.clients.domain.identifiers import vin_warnings
from services.clients.domain.search import search_for
from services.clients.domain.vehicles import Vehicle, checked_identifiers, vehicle_view
from services.clients.handlers.table import handlers
from services.clients.store import ClientsStore
from services.clients.store.queries import find_clients
from shared.contracts.base import Page
from shared.contracts.clients import (
    Cards,
    CheckVehicle,
    ClientDetails,
    ClientView,
    FindClients,
    FoundClient,
    GetCards,
    GetClient,
    GetVehicle,
    KnownVehicle,
    ListVehicles,
    VehicleCheck,
    VehicleView,
)
from shared.handlers import Work
from shared.nobody import as_kept

MOST_KNOWN = 10
_of_card = attrgetter(*ClientView.model_fields)


@handlers.question(FindClients)
async def find(question: FindClients, store: ClientsStore, work: Work) -> Page[FoundClient]:
    search = search_for(as_kept(question.q))
    page = await find_clients(
        store.connection, search, question.tag_id, question.limit, question.cursor
    )
    found = tuple(_with_cars(FoundClient, client, cars) for client, cars in page.items)
    return Page(items=found, next=page.next)


@handlers.question(GetClient)
async def get_client(question: GetClient, store: ClientsStore, work: Work) -> ClientDetails:
    client = await store.look_at_client(question.client_id)
    shown = details(client, (await store.vehicles_of([client.id]))[client.id])
    was_merged = client.id != question.client_id
    return shown.model_copy(update={"merged_into": client.id}) if was_merged else shown


def details(client: Client, cars: list[Vehicle]) -> ClientDetails:
    """A card with its cars."""
    return _with_cars(ClientDetails, client, cars)


@handlers.question(GetCards)
async def get_cards(question: GetCards, store: ClientsStore, work: Work) -> Cards:
    return Cards(
        clients=tuple(map(client_view, await store.look_at_clients(question.client_ids))),
        vehicles=tuple(map(vehicle_view, await store.look_at_vehicles(question.vehicle_ids))),
    )


@handlers.question(GetVehicle)
async def get_vehicle(question: GetVehicle, store: ClientsStore, work: Work) -> VehicleView:
    return vehicle_view(await store.look_at_vehicle(question.vehicle_id))


@handlers.question(CheckVehicle)
async def check_vehicle(question: CheckVehicle, store: ClientsStore, work: Work) -> VehicleCheck:
    checked = checked_identifiers(question.vin, question.plate)
    known = await store.vehicles_having(checked.vin, checked.plate, MOST_KNOWN)
    owners = await store.look_at_clients([car.client_id for car in known])
    names = {owner.id: owner.name for owner in owners}
    return VehicleCheck(
        problems=tuple(problem.code for problem in checked.problems),
        reasons_en=tuple(problem.words("en") for problem in checked.problems),
        reasons_ru=tuple(problem.words("ru") for problem in checked.problems),
        warnings=vin_warnings(checked.vin),
        known=tuple(
            KnownVehicle(vehicle=vehicle_view(car), owner=names[car.client_id]) for car in known
        ),
    )


@handlers.question(ListVehicles)
async def list_vehicles(
    question: ListVehicles, store: ClientsStore, work: Work
) -> Page[VehicleView]:
    client = await store.look_at_client(question.client_id)
    cars = await store.vehicles_of([client.id])
    return Page(items=tuple(map(vehicle_view, cars[client.id])))


def _with_cars[ViewT: (FoundClient, ClientDetails)](
    view: type[ViewT], client: Client, cars: list[Vehicle]
) -> ViewT:
    card = dict(zip(ClientView.model_fields, _of_card(client), strict=True))
    return view(**card, vehicles=tuple(map(vehicle_view, cars)))
