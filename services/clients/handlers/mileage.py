"""Orders say what their cars have run: the card shows the newest word."""

from __future__ import annotations

from services.clients.domain.mileage import cars_named, reading_in, says_mileage, with_newest
from services.clients.domain.vehicles import new_facts, vehicle_view
from services.clients.handlers.table import handlers
from services.clients.store import ClientsStore
from shared.contracts.clients import VehicleChanged
from shared.contracts.orders import OrderChanged, OrderCreated
from shared.edits import changes_between
from shared.handlers import Work


@handlers.event(OrderCreated)
async def order_created(event: OrderCreated, store: ClientsStore, work: Work) -> None:
    await _hear(event, store, work)


@handlers.event(OrderChanged)
async def order_changed(event: OrderChanged, store: ClientsStore, work: Work) -> None:
    """A corrected reading, one that was taken back, or another car that it is of."""
    await _hear(event, store, work)


async def _hear(event: OrderCreated | OrderChanged, store: ClientsStore, work: Work) -> None:
    if not says_mileage(event):
        return
    cars = cars_named(event) | store.readings.hear(reading_in(event, work.envelope.time))
    held = await store.hold_cars(cars)
    await store.readings.load((), cars)
    for before in held:
        after = with_newest(before, store.readings.of_car(before.id), work.now)
        if after == before:
            continue
        store.save_vehicle(after, new_facts(before, after, work.now))
        if after.revision != before.revision:
            was, view = vehicle_view(before), vehicle_view(after)
            changes = changes_between(was, view, ("mileage_km",))
            work.publish(VehicleChanged(vehicle=view, changes=changes))
