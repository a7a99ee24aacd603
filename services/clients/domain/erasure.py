"""A person asks to be forgotten: what is left of a card and a car."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.clients.domain.cards import Client
from services.clients.domain.vehicles import Vehicle
from shared.contracts.clients import Consents


def erased(client: Client, name: str, now: datetime) -> Client:
    """The card stays, so that whatever names it still finds somebody; nobody is written to."""
    return replace(
        client,
        kind="person",
        last_name=name,
        first_name=None,
        middle_name=None,
        company_name=None,
        phones=(),
        email=None,
        comment=None,
        requisites=None,
        consents=Consents(),
        erased_at=now,
        revision=client.revision + 1,
        updated_at=now,
    )


def without_plate(vehicle: Vehicle, now: datetime) -> Vehicle:
    """A car is known by its VIN; by the plate, its owner is."""
    return replace(vehicle, plate=None, revision=vehicle.revision + 1, updated_at=now)
