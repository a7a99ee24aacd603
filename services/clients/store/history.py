"""Dated facts of a car, to look at."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.store.rows import client_of
from services.clients.store.tables import clients, vehicle_facts
from shared.contracts.base import Page
from shared.contracts.vehicle_history import VehicleFactView
from shared.pagination import keys_of, page_of

_OWNERS = select(clients).where(clients.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))


async def vehicle_facts_page(
    connection: AsyncConnection, vehicle_id: UUID, limit: int, cursor: str | None
) -> Page[VehicleFactView]:
    """The latest first: facts are written as they become true."""
    statement = (
        select(vehicle_facts)
        .where(vehicle_facts.c.vehicle_id == vehicle_id)
        .order_by(vehicle_facts.c.id.desc())
        .limit(limit + 1)
    )
    if cursor:
        (after,) = keys_of(cursor, tuple[int])
        statement = statement.where(vehicle_facts.c.id < after)
    rows = (await connection.execute(statement)).all()
    ids = sorted({UUID(row.value) for row in rows if row.kind == "owner"})
    owners = await connection.execute(_OWNERS, {"ids": ids})
    names = {str(row.id): client_of(row).name for row in owners}

    def shown(row: Any) -> VehicleFactView:
        is_owner = row.kind == "owner"
        return VehicleFactView(
            kind=row.kind,
            value=names[row.value] if is_owner else row.value,
            client_id=UUID(row.value) if is_owner else None,
            since=row.since,
            until=row.until,
        )

    return page_of(rows, limit, shown, lambda row: (row.id,))
