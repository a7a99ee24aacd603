"""Reception's own book: the card, the car, and finding them again."""

from __future__ import annotations

from services.clients.domain import (
    Client,
    Vehicle,
    changed_client,
    changed_vehicle,
    client_view,
    new_client,
    new_facts,
    new_vehicle,
    refuse_known_vin,
    vehicle_view,
)
from services.clients.queries import find_clients
from services.clients.search import search_for
from services.clients.store import ClientsStore
from shared.contracts.base import Page
from shared.contracts.clients import (
    AddVehicle,
    Cards,
    ChangeClient,
    ChangeVehicle,
    ClientChanged,
    ClientCreated,
    ClientDetails,
    ClientsCommandRefused,
    ClientView,
    CreateClient,
    FindClients,
    FoundClient,
    GetCards,
    GetClient,
    GetVehicle,
    ListVehicles,
    VehicleAdded,
    VehicleChanged,
    VehicleView,
)
from shared.handlers import Handlers, Work

handlers = Handlers(
    "clients",
    ClientsStore,
    refused=ClientsCommandRefused,
    publishes=(ClientCreated, ClientChanged, VehicleAdded, VehicleChanged),
)

# --- the card ----------------------------------------------------------------------------------


@handlers.command(CreateClient)
async def create_client(command: CreateClient, store: ClientsStore, work: Work) -> ClientView:
    client = new_client(command, work.new_id(), work.now, work.actor.login)
    store.save_client(client)
    view = client_view(client)
    work.publish(ClientCreated(client=view))
    return view


@handlers.command(ChangeClient)
async def change_client(command: ChangeClient, store: ClientsStore, work: Work) -> ClientView:
    before = await store.client(command.client_id)
    client, changes = changed_client(before, command, work.now, work.actor.login)
    view = client_view(client)
    if changes:
        store.save_client(client)
        work.publish(ClientChanged(client=view, changes=changes))
    return view


# --- the car -----------------------------------------------------------------------------------


@handlers.command(AddVehicle)
async def add_vehicle(command: AddVehicle, store: ClientsStore, work: Work) -> VehicleView:
    await store.client(command.client_id)
    vehicle = new_vehicle(command, work.new_id(), work.now)
    refuse_known_vin(vehicle.vin, vehicle.id, await store.holder_of(vehicle.vin))
    store.save_vehicle(vehicle, new_facts(None, vehicle, work.now))
    view = vehicle_view(vehicle)
    work.publish(VehicleAdded(vehicle=view))
    return view


@handlers.command(ChangeVehicle)
async def change_vehicle(command: ChangeVehicle, store: ClientsStore, work: Work) -> VehicleView:
    before = await store.vehicle(command.vehicle_id)
    vehicle, changes = changed_vehicle(before, command, work.now)
    if vehicle.client_id != before.client_id:
        await store.client(vehicle.client_id)
    refuse_known_vin(vehicle.vin, vehicle.id, await store.holder_of(vehicle.vin))
    view = vehicle_view(vehicle)
    if changes:
        store.save_vehicle(vehicle, new_facts(before, vehicle, work.now))
        work.publish(VehicleChanged(vehicle=view, changes=changes))
    return view


# --- finding them again ------------------------------------------------------------------------


@handlers.question(FindClients)
async def find(question: FindClients, store: ClientsStore, work: Work) -> Page[FoundClient]:
    search = search_for(question.q)
    page = await find_clients(store.connection, search, question.limit, question.cursor)
    if not page.items:
        return Page(items=())
    cars = await store.vehicles_of([client.id for client in page.items])
    found = tuple(_with_cars(FoundClient, client, cars[client.id]) for client in page.items)
    return Page(items=found, next=page.next)


@handlers.question(GetClient)
async def get_client(question: GetClient, store: ClientsStore, work: Work) -> ClientDetails:
    client = await store.look_at_client(question.client_id)
    cars = await store.vehicles_of([client.id])
    return _with_cars(ClientDetails, client, cars[client.id])


@handlers.question(GetCards)
async def get_cards(question: GetCards, store: ClientsStore, work: Work) -> Cards:
    return Cards(
        clients=tuple(map(client_view, await store.look_at_clients(question.client_ids))),
        vehicles=tuple(map(vehicle_view, await store.look_at_vehicles(question.vehicle_ids))),
    )


@handlers.question(GetVehicle)
async def get_vehicle(question: GetVehicle, store: ClientsStore, work: Work) -> VehicleView:
    return vehicle_view(await store.look_at_vehicle(question.vehicle_id))


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
    card = {name: getattr(client, name) for name in ClientView.model_fields}
    return view(**card, vehicles=tuple(map(vehicle_view, cars)))
