"""The rules of client cards and cars: what a card must hold, and what an edit changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from services.clients.identifiers import phone_numbers, plate_text, vin_number, vin_warnings
from shared.contracts.base import Change, View
from shared.contracts.clients import (
    AddVehicle,
    ChangeClient,
    ChangeVehicle,
    ClientKind,
    ClientView,
    Consent,
    Consents,
    CreateClient,
    Language,
    SaidConsents,
    VehicleView,
)
from shared.refusals import Refused

DISCOUNTS = frozenset(
    {"discount_percent", "services_discount_percent", "products_discount_percent"}
)

# --- cards -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Client:
    """A client's card. Phones are E.164."""

    id: UUID
    kind: ClientKind
    last_name: str | None
    first_name: str | None
    middle_name: str | None
    company_name: str | None
    phones: tuple[str, ...]
    email: str | None
    discount_percent: Decimal | None
    comment: str | None
    revision: int
    created_at: datetime
    updated_at: datetime
    language: Language = "ru"
    consents: Consents = field(default_factory=Consents)
    services_discount_percent: Decimal | None = None
    products_discount_percent: Decimal | None = None

    @property
    def name(self) -> str:
        """How the client is shown."""
        if self.kind == "company" and self.company_name:
            return self.company_name
        return " ".join(filter(None, (self.last_name, self.first_name, self.middle_name)))


def new_client(
    command: CreateClient, client_id: UUID, now: datetime, by: str | None = None
) -> Client:
    """``by``: who writes down what the client consents to. Raises ``Refused``:
    ``client_name_missing``, ``phone_invalid``."""
    fields = _clean_card({name: getattr(command, name) for name in CreateClient.model_fields})
    fields["consents"] = consented(Consents(), command.consents, now, by)
    return _named(Client(id=client_id, revision=1, created_at=now, updated_at=now, **fields))


def changed_client(
    client: Client, command: ChangeClient, now: datetime, by: str | None = None
) -> tuple[Client, tuple[Change, ...]]:
    """The card after an edit, and what that changed; no changes: the card as it was.

    Raises ``Refused``: as ``new_client``, ``field_required``, ``revision_conflict``.
    """
    _check_revision(client.revision, command.expected_revision)
    fields = _clean_card(_named_fields(command, "client_id"))
    if "consents" in fields:
        fields["consents"] = consented(client.consents, fields["consents"], now, by)
    edited = _named(replace(client, **fields))
    changes = _changes(client_view(client), client_view(edited), fields)
    if not changes:
        return client, ()
    return replace(edited, revision=client.revision + 1, updated_at=now), changes


def consented(
    before: Consents, said: SaidConsents | None, now: datetime, by: str | None
) -> Consents:
    """What a client allows after having said so. Only an answer that is another one than before
    has a new date: the day of a consent is what it can be proved by."""
    news = {
        name: Consent(given=given, at=now, by=by)
        for name, given in (said or SaidConsents())
        if given is not None and given != getattr(before, name).given
    }
    return before.model_copy(update=news)


def client_view(client: Client) -> ClientView:
    return ClientView.model_validate(client, from_attributes=True)


def _clean_card(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Only what was named is looked at: an old number does not stand in the way of an edit."""
    clean = dict(fields)
    for name in ("kind", "language"):
        if name in clean and clean[name] is None:
            raise Refused("field_required", field=name)
    if "phones" in clean:
        clean["phones"] = phone_numbers(clean["phones"] or ())
    for name in DISCOUNTS & clean.keys():
        if clean[name] is not None:
            clean[name] = clean[name].quantize(Decimal("0.01"))
    if "comment" in clean:
        clean["comment"] = clean["comment"] or None
    return clean


def _named(client: Client) -> Client:
    has_name = (
        client.company_name if client.kind == "company" else client.last_name or client.first_name
    )
    if not has_name:
        raise Refused("client_name_missing")
    return client


# --- cars --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A car as it is today. ``vin`` is folded to one form, ``plate`` is as people read it."""

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

    @property
    def warnings(self) -> tuple[str, ...]:
        return vin_warnings(self.vin)


def new_vehicle(command: AddVehicle, vehicle_id: UUID, now: datetime) -> Vehicle:
    """Raises ``Refused``: ``vehicle_empty``, ``vin_invalid``, ``plate_invalid``."""
    fields = _clean_vehicle({name: getattr(command, name) for name in AddVehicle.model_fields})
    return _known(Vehicle(id=vehicle_id, revision=1, created_at=now, updated_at=now, **fields))


def changed_vehicle(
    vehicle: Vehicle, command: ChangeVehicle, now: datetime
) -> tuple[Vehicle, tuple[Change, ...]]:
    """The car after an edit, and what that changed; no changes: the car as it was.

    Raises ``Refused``: as ``new_vehicle``, ``field_required``, ``revision_conflict``.
    """
    _check_revision(vehicle.revision, command.expected_revision)
    fields = _clean_vehicle(_named_fields(command, "vehicle_id"))
    edited = _known(replace(vehicle, **fields))
    changes = _changes(vehicle_view(vehicle), vehicle_view(edited), fields)
    if not changes:
        return vehicle, ()
    return replace(edited, revision=vehicle.revision + 1, updated_at=now), changes


def refuse_known_vin(vin: str | None, vehicle_id: UUID, holder: Vehicle | None) -> None:
    """A car has one identity: ``holder``, who has the VIN already, must be the same car."""
    if vin and holder and holder.id != vehicle_id:
        raise Refused("vehicle_exists", vin=vin, id=holder.id)


def vehicle_view(vehicle: Vehicle) -> VehicleView:
    return VehicleView.model_validate(vehicle, from_attributes=True)


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

type FactKind = Literal["owner", "plate", "vin"]


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
    """The owner, plate and VIN that are not what they were."""
    were = _facts(before) if before else dict.fromkeys(_facts(after))
    return [
        VehicleFact(after.id, kind, value, now, ends=were[kind] is not None)
        for kind, value in _facts(after).items()
        if value != were[kind]
    ]


def _facts(vehicle: Vehicle) -> dict[FactKind, str | None]:
    return {"owner": str(vehicle.client_id), "plate": vehicle.plate, "vin": vehicle.vin}


# --- edits -------------------------------------------------------------------------------------


def _check_revision(actual: int, expected: int | None) -> None:
    if expected is not None and expected != actual:
        raise Refused("revision_conflict", expected=expected, actual=actual)


def _named_fields(command: BaseModel, identity: str) -> dict[str, Any]:
    """What the command says something about; a null among it clears."""
    named = command.model_fields_set - {identity, "expected_revision"}
    return {name: getattr(command, name) for name in named}


def _changes(old: View, new: View, fields: Mapping[str, Any]) -> tuple[Change, ...]:
    """The edited fields whose value is another one now, in the order of the card."""
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    return tuple(
        Change(field=name, old=before[name], new=after[name])
        for name in before
        if name in fields and before[name] != after[name]
    )
