"""How cards and cars stand in the tables."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from services.clients.domain.cards import Client
from services.clients.domain.identifiers import plate_key
from services.clients.domain.search import name_key, phone_key
from services.clients.domain.vehicles import Vehicle
from shared.contracts.clients import Consents
from shared.contracts.requisites import Requisites

_CLIENT_FIELDS = [field.name for field in fields(Client)]
_VEHICLE_FIELDS = [field.name for field in fields(Vehicle)]


def client_of(row: Any) -> Client:
    values = {name: getattr(row, name) for name in _CLIENT_FIELDS}
    consents = Consents.model_validate(row.consents)
    requisites = Requisites.model_validate(row.requisites) if row.requisites else None
    return Client(
        **{
            **values,
            "phones": tuple(row.phones),
            "consents": consents,
            "requisites": requisites,
        }
    )


def vehicle_of(row: Any) -> Vehicle:
    return Vehicle(**{name: getattr(row, name) for name in _VEHICLE_FIELDS})


def client_row(client: Client) -> dict[str, Any]:
    row = {name: getattr(client, name) for name in _CLIENT_FIELDS}
    # What was merged is found by what remains.
    is_found = client.merged_into is None
    row["name_key"] = name_key(client) if is_found else ""
    row["phone_key"] = phone_key(client.phones) if is_found else ""
    consents = client.consents.model_dump(mode="json", exclude_unset=True)
    requisites = client.requisites and client.requisites.model_dump(exclude_none=True)
    return {
        **row,
        "phones": list(client.phones),
        "consents": consents,
        "requisites": requisites,
    }


def vehicle_row(vehicle: Vehicle) -> dict[str, Any]:
    row = {name: getattr(vehicle, name) for name in _VEHICLE_FIELDS}
    return {**row, "plate_key": plate_key(vehicle.plate) if vehicle.plate else None}
