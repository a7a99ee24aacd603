"""Cards, cars and contracts as they are here, for whoever compares copies with them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.domain.vehicles import vehicle_view
from services.clients.store.rows import client_of, vehicle_of
from services.clients.store.tables import clients, vehicles
from services.clients.store.tables_contracts import contracts
from shared.contracts.copies import ListToldByClients, Told
from shared.copies import told
from shared.pagination import by_id

_TABLES = {"client": clients, "vehicle": vehicles, "contract": contracts}
_CARD = (
    "name", "kind", "last_name", "first_name", "middle_name", "company_name", "phones", "email",
    "comment", "services_discount_percent", "products_discount_percent", "erased_at",
    "merged_into", "language",
)  # fmt: skip
_CAR = (
    "client_id", "vin", "plate", "vendor", "model", "year", "engine", "vehicle_class",
    "mileage_km",
)  # fmt: skip
_CONTRACT = (
    "client_id", "credit_limit", "discount_percent", "payment_days", "valid_from", "valid_to",
)  # fmt: skip
_SURVIVORS = text("""
WITH RECURSIVE led AS (
    SELECT id, merged_into FROM clients WHERE id = ANY(:ids) AND merged_into IS NOT NULL
    UNION ALL
    SELECT led.id, clients.merged_into FROM led JOIN clients ON clients.id = led.merged_into
    WHERE clients.merged_into IS NOT NULL
)
SELECT led.id, clients.id AS survivor FROM led JOIN clients ON clients.id = led.merged_into
WHERE clients.merged_into IS NULL
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))


async def told_by_clients(connection: AsyncConnection, asked: ListToldByClients) -> list[Told]:
    """One more than a page, by id."""
    table = _TABLES[asked.kind]
    statement = by_id(select(table), table.c.id, asked.cursor, asked.limit, only=asked.ids)
    rows = (await connection.execute(statement)).all()
    if asked.kind == "client":
        survivors = await _survivors(connection, [row.id for row in rows if row.merged_into])
        return [_card(row, survivors.get(row.id)) for row in rows]
    if asked.kind == "vehicle":
        return [_car(row) for row in rows]
    return [
        told("contract", row.id, row.revision, {name: getattr(row, name) for name in _CONTRACT})
        for row in rows
    ]


def _card(row: Any, survivor: UUID | None) -> Told:
    card = client_of(row)
    return told(
        "client",
        card.id,
        card.revision,
        {
            **{name: getattr(card, name) for name in _CARD},
            "discount_percent": card.discount_percent or 0,
            "requisites": card.requisites and card.requisites.model_dump(exclude_none=True),
            "consents": card.consents.model_dump(mode="json"),
            "survivor": survivor,
        },
    )


def _car(row: Any) -> Told:
    car = vehicle_view(vehicle_of(row))
    fields = {name: getattr(car, name) for name in _CAR}
    return told("vehicle", car.id, car.revision, {**fields, "name": car.known_as})


async def _survivors(connection: AsyncConnection, merged: Collection[UUID]) -> dict[UUID, UUID]:
    """Of cards that were merged, the one that remains: that may have been merged in its turn."""
    if not merged:
        return {}
    rows = await connection.execute(_SURVIVORS, {"ids": list(merged)})
    return {row.id: row.survivor for row in rows}
