"""The board: rows of the orders on it, and what their lines and bookings come to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.queries import (
    OrderFilter,
    Place,
    newest_first,
    newest_of,
    parameters_of,
)
from services.orders.store.tables import orders, part_lines, service_lines, vehicles
from shared.statements import Prepared

_IDS = bindparam("ids", type_=ARRAY(Uuid))
# A subquery with an offset is planned by itself: by the index of the board alone, whose orders are
# few enough to look at each.
_ON_BOARD = (
    select(orders)
    .where(orders.c.on_board)
    .order_by(*newest_of(orders))
    .offset(literal_column("0"))
    .subquery("on_board")
)
_CARDS = select(_ON_BOARD, vehicles.c.plate, vehicles.c.vendor, vehicles.c.model).outerjoin(
    vehicles, vehicles.c.id == _ON_BOARD.c.vehicle_id
)
_WORKS = select(
    service_lines.c.order_id,
    service_lines.c.progress,
    service_lines.c.mechanic_id,
    service_lines.c.performers,
).where(service_lines.c.order_id == any_(_IDS), service_lines.c.approval_state != "declined")
_PARTS = (
    select(
        part_lines.c.order_id,
        func.count().label("parts"),
        func.count().filter(part_lines.c.state.in_(("reserved", "issued"))).label("there"),
    )
    .where(part_lines.c.order_id == any_(_IDS), part_lines.c.state != "released")
    .group_by(part_lines.c.order_id)
)


@dataclass(slots=True)
class Sums:
    """Of one order. ``mechanics``: named by its works, in no order."""

    works: int = 0
    works_finished: int = 0
    parts: int = 0
    parts_there: int = 0
    mechanics: set[UUID] = field(default_factory=set)
    unnamed: bool = False
    """Some work names nobody: the order's own mechanic does it."""


async def board_rows(
    connection: AsyncConnection,
    filters: OrderFilter,
    limit: int,
    after: Place | None,
) -> list[Any]:
    """Rows of ``orders`` with their car's ``plate``, ``vendor`` and ``model``, newest first."""
    parameters = parameters_of(filters, limit, after)
    return await _cards(tuple(parameters)).rows(connection, **parameters)


@lru_cache(maxsize=256)
def _cards(names: tuple[str, ...]) -> Prepared:
    return Prepared(newest_first(_CARDS, _ON_BOARD, names))


async def board_sums(connection: AsyncConnection, order_ids: Collection[UUID]) -> dict[UUID, Sums]:
    ids = {"ids": sorted(order_ids)}
    sums = {order_id: Sums() for order_id in order_ids}
    for row in await connection.execute(_WORKS, ids):
        order = sums[row.order_id]
        order.works += 1
        order.works_finished += row.progress == "finished"
        if row.performers:
            order.mechanics.update(UUID(each["employee_id"]) for each in row.performers)
        elif row.mechanic_id:
            order.mechanics.add(row.mechanic_id)
        else:
            order.unnamed = True
    for row in await connection.execute(_PARTS, ids):
        sums[row.order_id].parts, sums[row.order_id].parts_there = row.parts, row.there
    return sums
