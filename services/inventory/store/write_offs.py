"""Write-offs in and out of the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.storekeeping import Portion
from services.inventory.domain.write_offs import WriteOff
from services.inventory.store.tables_documents import write_off_parts, write_offs
from shared.contracts.stock_documents import ListWriteOffs
from shared.database import saving
from shared.pagination import newest_first
from shared.refusals import Refused

_SAVE = saving(write_offs)


async def write_off(connection: AsyncConnection, write_off_id: UUID) -> WriteOff:
    """Refused: ``write_off_not_found``. Who changes it has locked it, see ``loading``."""
    query = select(write_offs).where(write_offs.c.id == write_off_id)
    found = await _with_lines(connection, (await connection.execute(query)).all())
    if not found:
        raise Refused("write_off_not_found", id=write_off_id)
    return found[0]


async def listed(connection: AsyncConnection, question: ListWriteOffs) -> list[WriteOff]:
    """One more than a page, newest first."""
    query = select(write_offs)
    if question.warehouse_id:
        query = query.where(write_offs.c.warehouse_id == question.warehouse_id)
    query = newest_first(query, write_offs.c.id, question.cursor, question.limit)
    return await _with_lines(connection, (await connection.execute(query)).all())


async def add(connection: AsyncConnection, write_off: WriteOff) -> None:
    await save(connection, write_off)
    rows = [
        {
            "write_off_id": write_off.id,
            "position": position,
            "part": part,
            "product_id": product_id,
            **asdict(portion),
        }
        for position, (product_id, portions) in enumerate(write_off.lines, start=1)
        for part, portion in enumerate(portions, start=1)
    ]
    await connection.execute(insert(write_off_parts), rows)


async def save(connection: AsyncConnection, write_off: WriteOff) -> None:
    """The document; its goods never change."""
    row = {name: value for name, value in asdict(write_off).items() if name != "lines"}
    await connection.execute(_SAVE, {**row, "value": write_off.value})


async def _with_lines(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[WriteOff]:
    query = (
        select(write_off_parts)
        .where(write_off_parts.c.write_off_id.in_([row.id for row in rows]))
        .order_by(
            write_off_parts.c.write_off_id, write_off_parts.c.position, write_off_parts.c.part
        )
    )
    of: defaultdict[UUID, dict[int, tuple[UUID, list[Portion]]]] = defaultdict(dict)
    for row in await connection.execute(query):
        _, portions = of[row.write_off_id].setdefault(row.position, (row.product_id, []))
        portions.append(Portion(row.quantity, row.unit_cost, row.value, row.received_at))
    return [
        WriteOff(
            **{name: value for name, value in row._mapping.items() if name != "value"},
            lines=tuple((product_id, tuple(parts)) for product_id, parts in of[row.id].values()),
        )
        for row in rows
    ]
