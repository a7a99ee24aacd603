"""What orders say of each order, for whoever compares it with what other services say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.tables import orders, part_lines, service_lines
from shared.contracts.reconciliation import GetOrderFigures, OrderFigures, WantedPart
from shared.pagination import by_id

_declined = service_lines.alias("declined")
_SERVICES = (
    select(func.coalesce(func.sum(service_lines.c.total), 0))
    .where(service_lines.c.order_id == orders.c.id, service_lines.c.approval_state != "declined")
    .scalar_subquery()
)
_PARTS = (
    select(func.coalesce(func.sum(part_lines.c.total), 0))
    .outerjoin(
        _declined,
        and_(
            _declined.c.id == part_lines.c.service_line_id,
            _declined.c.approval_state == "declined",
        ),
    )
    .where(part_lines.c.order_id == orders.c.id, part_lines.c.answer > 0, _declined.c.id.is_(None))
    .scalar_subquery()
)
_ORDERS = select(
    orders.c.id,
    orders.c.number,
    orders.c.status,
    case((orders.c.status == "done", orders.c.completion), else_=0).label("completion"),
    orders.c.total,
    (_SERVICES + _PARTS).label("lines_total"),
    case((orders.c.settled, orders.c.owed)).label("due"),
    orders.c.client_id,
    orders.c.paid,
    case((orders.c.settled, orders.c.pay)).label("pay"),
    case((orders.c.settled, orders.c.vat)).label("vat"),
)


async def order_figures(
    connection: AsyncConnection, question: GetOrderFigures
) -> list[OrderFigures]:
    """One more than a page, by id."""
    statement = by_id(
        _ORDERS, orders.c.id, question.cursor, question.limit, only=question.order_ids
    )
    rows = (await connection.execute(statement)).all()
    parts = await _parts(connection, [row.id for row in rows])
    return [
        OrderFigures(
            order_id=row.id,
            number=row.number,
            status=row.status,
            completion=row.completion,
            total=row.total,
            lines_total=row.lines_total,
            parts=tuple(parts[row.id]),
            due=row.due,
            client_id=row.client_id,
            paid=row.paid,
            pay=row.pay,
            vat=row.vat,
        )
        for row in rows
    ]


async def _parts(
    connection: AsyncConnection, order_ids: Sequence[UUID]
) -> defaultdict[UUID, list[Any]]:
    statement = (
        select(
            part_lines.c.order_id,
            part_lines.c.id,
            part_lines.c.product_id,
            part_lines.c.quantity,
            part_lines.c.reserved,
            part_lines.c.state,
            part_lines.c.cost,
        )
        .where(part_lines.c.order_id.in_(order_ids))
        .order_by(part_lines.c.order_id, part_lines.c.position)
    )
    parts: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in await connection.execute(statement):
        parts[row.order_id].append(
            WantedPart(
                line_id=row.id,
                product_id=row.product_id,
                quantity=row.quantity,
                reserved=row.reserved,
                state=row.state,
                cost=row.cost,
            )
        )
    return parts
