"""Reception's own book: the card and the car."""

from __future__ import annotations

from services.clients.domain.cards import changed_client, client_view, new_client
from services.clients.domain.vehicles import (
    changed_vehicle,
    new_facts,
    new_vehicle,
    refuse_known_vin,
    vehicle_view,
)
from services.clients.handlers.table import handlers
from services.clients.store import ClientsStore
from shared.contracts.clients import (
    AddVehicle,
    ChangeClient,
    ChangeVehicle,
    ClientChanged,
    ClientCreated,
    ClientView,
    CreateClient,
    VehicleAdded,
    VehicleChanged,
    VehicleView,
)
from shared.handlers import Work
from shared.refusals import Refused
from shared.roles import MAY_GIVE_CAR

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
        if work.actor.role not in MAY_GIVE_CAR:
            raise Refused("forbidden")
        await store.client(vehicle.client_id)
    refuse_known_vin(vehicle.vin, vehicle.id, await store.holder_of(vehicle.vin))
    view = vehicle_view(vehicle)
    if changes:
        store.save_vehicle(vehicle, new_facts(before, vehicle, work.now))
        work.publish(VehicleChanged(vehicle=view, changes=changes))
    return view
