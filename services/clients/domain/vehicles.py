"""What is known of a car, what an edit changes, and what was true of it when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from services.clients.domain.identifiers import plate_text, vin_number, vin_warnings
from shared.contracts.base import Change
from shared.contracts.clients import AddVehicle, ChangeVehicle, VehicleView
from shared.edits import changes_between, named_fields
from shared.refusals import Refused, ensure_revision


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A car as it is today. ``vin`` is folded to one form, ``plate`` is as people read it.

    ``mileage_km`` was said at ``mileage_at``, on the card or on an order (see ``mileage.py``);
    ``typed_km`` is what was last said on the card, also by clearing it."""

    id: UUID
    client_id: UUID
    vin: str | None
    plate: str | None
    vendor: str | None
    model: str | None
    year: int | None
    engine: str | None
    mileage_km: int | None
    revision: int
    created_at: datetime
    updated_at: datetime
    vehicle_class: str | None = None
    mileage_at: datetime | None = None
    typed_km: int | None = None
    typed_at: datetime | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        return vin_warnings(self.vin)


def new_vehicle(command: AddVehicle, vehicle_id: UUID, now: datetime) -> Vehicle:
    """Raises ``Refused``: ``vehicle_empty``, ``vin_invalid``, ``plate_invalid``."""
    fields = _clean_vehicle({name: getattr(command, name) for name in AddVehicle.model_fields})
    car = _known(Vehicle(id=vehicle_id, revision=1, created_at=now, updated_at=now, **fields))
    return car if car.mileage_km is None else typed(car, now)


def changed_vehicle(
    vehicle: Vehicle, command: ChangeVehicle, now: datetime
) -> tuple[Vehicle, tuple[Change, ...]]:
    """The car after an edit, and what that changed; no changes: the car as it was.

    Raises ``Refused``: as ``new_vehicle``, ``field_required``, ``revision_conflict``.
    """
    ensure_revision(command.expected_revision, vehicle.revision)
    fields = _clean_vehicle(named_fields(command, "vehicle_id"))
    edited = _known(replace(vehicle, **fields))
    changes = changes_between(vehicle_view(vehicle), vehicle_view(edited), fields)
    if not changes:
        return vehicle, ()
    if edited.mileage_km != vehicle.mileage_km:
        edited = typed(edited, now)
    return replace(edited, revision=vehicle.revision + 1, updated_at=now), changes


def typed(vehicle: Vehicle, now: datetime) -> Vehicle:
    """With the mileage that it has as the card's own word. Who types it has seen the one before,
    whatever the clock says."""
    seen = (vehicle.mileage_at, vehicle.typed_at)
    at = max((now, *filter(None, seen)))
    km = vehicle.mileage_km
    return replace(vehicle, mileage_at=None if km is None else at, typed_km=km, typed_at=at)


def moved(vehicle: Vehicle, client_id: UUID, now: datetime) -> Vehicle:
    """The car with another owner: the card of the one before was of the same client."""
    return replace(vehicle, client_id=client_id, revision=vehicle.revision + 1, updated_at=now)


def refuse_known_vin(vin: str | None, vehicle_id: UUID, holder: Vehicle | None) -> None:
    """A car has one identity: ``holder``, who has the VIN already, must be the same car."""
    if vin and holder and holder.id != vehicle_id:
        raise Refused("vehicle_exists", vin=vin, id=holder.id)


def vehicle_view(vehicle: Vehicle) -> VehicleView:
    return VehicleView.model_validate(vehicle, from_attributes=True)


@dataclass(frozen=True, slots=True)
class Identifiers:
    """A VIN and a plate as somebody types them: as they would be stored, and what is wrong."""

    vin: str | None = None
    plate: str | None = None
    problems: tuple[Refused, ...] = ()


def checked_identifiers(vin: str | None, plate: str | None) -> Identifiers:
    """What would be refused is a problem here, and is none of the car's."""
    right: dict[str, str | None] = {}
    problems: list[Refused] = []
    for name, form, typed in (("vin", vin_number, vin), ("plate", plate_text, plate)):
        try:
            right[name] = form(typed or "")
        except Refused as refusal:
            problems.append(refusal)
    return Identifiers(**right, problems=tuple(problems))


def _clean_vehicle(fields: Mapping[str, Any]) -> dict[str, Any]:
    clean = dict(fields)
    if "client_id" in clean and clean["client_id"] is None:
        raise Refused("field_required", field="client_id")
    for name, form in (("vin", vin_number), ("plate", plate_text)):
        if clean.get(name) is not None:
            clean[name] = form(clean[name])
    return clean


def _known(vehicle: Vehicle) -> Vehicle:
    if not (vehicle.vin or vehicle.plate or vehicle.model or vehicle.vendor):
        raise Refused("vehicle_empty")
    return vehicle


# --- dated facts -------------------------------------------------------------------------------

type FactKind = Literal["owner", "plate", "vin", "mileage"]


@dataclass(frozen=True, slots=True)
class VehicleFact:
    """What became true of a car at a moment; with it the fact of that kind before it ended.

    ``value`` is ``None`` when the car has no such thing any more; ``ends`` tells whether there
    was one before.
    """

    vehicle_id: UUID
    kind: FactKind
    value: str | None
    since: datetime
    ends: bool


def new_facts(before: Vehicle | None, after: Vehicle, now: datetime) -> Sequence[VehicleFact]:
    """The owner, plate, VIN and mileage that are not what they were."""
    were = _facts(before) if before else dict.fromkeys(_facts(after))
    return [
        VehicleFact(after.id, kind, value, now, ends=were[kind] is not None)
        for kind, value in _facts(after).items()
        if value != were[kind]
    ]


def _facts(vehicle: Vehicle) -> dict[FactKind, str | None]:
    mileage = None if vehicle.mileage_km is None else str(vehicle.mileage_km)
    return {
        "owner": str(vehicle.client_id),
        "plate": vehicle.plate,
        "vin": vehicle.vin,
        "mileage": mileage,
    }
