"""What a car has run, as far as anybody knows: the newest word of its card and its orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.clients.domain.vehicles import Vehicle
from shared.contracts.orders import OrderChanged, OrderCreated

_OF_A_READING = {"vehicle_id", "mileage_km"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What an order says of its car by ``revision``. ``at``: when it first said a mileage; what is
    corrected later was read then. Without a mileage it says nothing of any car."""

    order_id: UUID
    revision: int
    vehicle_id: UUID | None
    mileage_km: int | None
    at: datetime | None


def says_mileage(event: OrderCreated | OrderChanged) -> bool:
    """Whether it says anything new of what a car has run, if only that a reading was none."""
    if isinstance(event, OrderCreated):
        return event.mileage_km is not None
    return any(change.field in _OF_A_READING for change in event.changes)


def reading_in(event: OrderCreated | OrderChanged, at: datetime) -> Reading:
    return Reading(
        order_id=event.order_id,
        revision=event.revision,
        vehicle_id=event.vehicle_id,
        mileage_km=event.mileage_km,
        at=None if event.mileage_km is None else at,
    )


def cars_named(event: OrderCreated | OrderChanged) -> set[UUID]:
    """The order's car, and the one that it was about before."""
    named = {change.old for change in event.changes if change.field == "vehicle_id"}
    return {UUID(str(car)) for car in {event.vehicle_id, *named} if car}


def with_word(known: Reading, heard: Reading) -> Reading:
    """The same in whatever order the two were heard."""
    latest = max(known, heard, key=lambda reading: reading.revision)
    said = [reading.at for reading in (known, heard) if reading.at]
    return replace(latest, at=min(said, default=None))


def with_newest(vehicle: Vehicle, readings: Iterable[Reading], now: datetime) -> Vehicle:
    """The car with the newest word of its mileage, lower or not: odometers are replaced, and typing
    errors corrected. The same car, where that is what it has; its revision grows with another
    mileage, not with another day of the same."""
    km, at = vehicle.typed_km, vehicle.typed_at
    said = [
        (reading.at, reading.order_id, reading.mileage_km)
        for reading in readings
        if reading.vehicle_id == vehicle.id and reading.mileage_km is not None and reading.at
    ]
    if said:
        newest_at, _, newest_km = max(said)
        if at is None or newest_at > at:
            km, at = newest_km, newest_at
    shown = replace(vehicle, mileage_km=km, mileage_at=None if km is None else at)
    if shown.mileage_km == vehicle.mileage_km:
        return shown
    return replace(shown, revision=vehicle.revision + 1, updated_at=now)
