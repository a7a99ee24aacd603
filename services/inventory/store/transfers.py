"""Transfers in and out of the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.storekeeping import Portion
from services.inventory.domain.transfers import Parcel, Transfer
from services.inventory.store.tables_documents import parcels, transfers
from shared.contracts.stock_documents import ListTransfers
from shared.database import saving
from shared.pagination import newest_first
from shared.refusals import Refused

_SAVE = saving(transfers)
_SAVE_PARCELS = saving(parcels)


async def transfer(connection: AsyncConnection, transfer_id: UUID) -> Transfer:
    """Refused: ``transfer_not_found``. Who changes it has locked it, see ``loading``."""
    query = select(transfers).where(transfers.c.id == transfer_id)
    found = await _with_parcels(connection, (await connection.execute(query)).all())
    if not found:
        raise Refused("transfer_not_found", id=transfer_id)
    return found[0]


async def listed(connection: AsyncConnection, question: ListTransfers) -> list[Transfer]:
    """One more than a page, newest first."""
    query = select(transfers)
    if question.state:
        query = query.where(transfers.c.state == question.state)
    if question.warehouse_id:
        query = query.where(
            or_(
                transfers.c.from_warehouse_id == question.warehouse_id,
                transfers.c.to_warehouse_id == question.warehouse_id,
            )
        )
    query = newest_first(query, transfers.c.id, question.cursor, question.limit)
    return await _with_parcels(connection, (await connection.execute(query)).all())


async def save(connection: AsyncConnection, transfer: Transfer) -> None:
    row = {name: value for name, value in asdict(transfer).items() if name != "parcels"}
    await connection.execute(_SAVE, row)
    await connection.execute(_SAVE_PARCELS, [_row(transfer.id, each) for each in transfer.parcels])


async def _with_parcels(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Transfer]:
    query = (
        select(parcels)
        .where(parcels.c.transfer_id.in_([row.id for row in rows]))
        .order_by(parcels.c.transfer_id, parcels.c.position, parcels.c.part)
    )
    of: defaultdict[UUID, list[Parcel]] = defaultdict(list)
    for row in await connection.execute(query):
        of[row.transfer_id].append(
            Parcel(
                row.position,
                row.part,
                row.product_id,
                Portion(row.quantity, row.unit_cost, row.value, row.received_at),
                row.left_value,
                row.received,
                row.returned,
            )
        )
    return [Transfer(**row._mapping, parcels=tuple(of[row.id])) for row in rows]


def _row(transfer_id: UUID, parcel: Parcel) -> dict[str, Any]:
    return {
        "transfer_id": transfer_id,
        "position": parcel.position,
        "part": parcel.part,
        "product_id": parcel.product_id,
        **asdict(parcel.portion),
        "left_value": parcel.left_value,
        "received": parcel.received,
        "returned": parcel.returned,
    }
