"""How cards and cars stand in the tables."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, func, select

from services.clients.domain.cards import Client
from services.clients.domain.identifiers import plate_key
from services.clients.domain.search import name_key, phone_key
from services.clients.domain.vehicles import Vehicle
from services.clients.store.tables import clients, vehicles
from shared.contracts.clients import Consents
from shared.contracts.requisites import Requisites

_CLIENT_FIELDS = [field.name for field in fields(Client)]
_VEHICLE_FIELDS = [field.name for field in fields(Vehicle)]
_client_values = attrgetter(*_CLIENT_FIELDS)
_vehicle_values = attrgetter(*_VEHICLE_FIELDS)

CLIENT_COLUMNS = [clients.c[name] for name in _CLIENT_FIELDS]
"""Without what a card is found by."""


def cars_of(client_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """A client's cars, oldest first, as one value beside others: of each what ``Vehicle`` takes."""
    car = func.row(*(vehicles.c[name] for name in _VEHICLE_FIELDS))
    owned = select(car).where(vehicles.c.client_id == client_id).order_by(vehicles.c.id)
    return func.array(owned.scalar_subquery())


def client_of(row: Any) -> Client:
    values = dict(zip(_CLIENT_FIELDS, _client_values(row), strict=True))
    values["phones"] = tuple(row.phones)
    values["consents"] = Consents.model_validate(row.consents)
    values["requisites"] = Requisites.model_validate(row.requisites) if row.requisites else None
    return Client(**values)


def vehicle_of(row: Any) -> Vehicle:
    return Vehicle(*_vehicle_values(row))


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
