"""Cards and cars as tests need them, with only what the test is about said aloud."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.clients.domain.cards import Client
from services.clients.domain.vehicles import Vehicle

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
CLIENT_ID = UUID(int=1)
OTHER_CLIENT_ID = UUID(int=2)
VEHICLE_ID = UUID(int=3)


def a_client(**fields: Any) -> Client:
    client = Client(
        id=CLIENT_ID,
        kind="person",
        last_name="Иванов",
        first_name="Иван",
        middle_name=None,
        company_name=None,
        phones=("+79161234567",),
        email=None,
        discount_percent=None,
        comment=None,
        revision=1,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(client, **fields)


def a_vehicle(**fields: Any) -> Vehicle:
    vehicle = Vehicle(
        id=VEHICLE_ID,
        client_id=CLIENT_ID,
        vin="1M8GDM9AXKP042788",
        plate="А123ВС77",
        vendor="Lada",
        model="Vesta",
        year=2020,
        engine=None,
        mileage_km=50_000,
        revision=1,
        created_at=NOW,
        updated_at=NOW,
        mileage_at=NOW,
        typed_km=50_000,
        typed_at=NOW,
    )
    return replace(vehicle, **fields)
