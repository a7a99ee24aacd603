"""Lists of orders and comments, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.tables import comments, orders, service_lines
from shared.contracts.orders import CommentView
from shared.contracts.work_order import FindWorkOrders


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What a list of orders is narrowed to; ``own_of``: an employee's own."""

    status: str | None = None
    section_id: UUID | None = None
    employee_id: UUID | None = None
    client_id: UUID | None = None
    vehicle_id: UUID | None = None
    own_of: UUID | None = None
    start: datetime | None = None
    end: datetime | None = None
    q: str = ""


async def find_orders(
    connection: AsyncConnection,
    filters: OrderFilter,
    limit: int,
    after: tuple[datetime, UUID] | None,
) -> list[Any]:
    """Rows of ``orders``, newest first."""
    statement = select(orders).order_by(orders.c.created_at.desc(), orders.c.id.desc()).limit(limit)
    for name in ("status", "section_id", "employee_id", "client_id", "vehicle_id"):
        if (value := getattr(filters, name)) is not None:
            statement = statement.where(orders.c[name] == value)
    if filters.own_of:
        works_on_it = exists().where(
            service_lines.c.order_id == orders.c.id, service_lines.c.mechanic_id == filters.own_of
        )
        statement = statement.where(or_(orders.c.employee_id == filters.own_of, works_on_it))
    if filters.start:
        statement = statement.where(orders.c.created_at >= filters.start)
    if filters.end:
        statement = statement.where(orders.c.created_at < filters.end)
    for word in filters.q.lower().split():
        searched = func.lower(
            orders.c.number
            + " "
            + orders.c.client_name
            + " "
            + func.coalesce(orders.c.vehicle_name, "")
        )
        statement = statement.where(searched.contains(word, autoescape=True))
    if after:
        statement = statement.where(tuple_(orders.c.created_at, orders.c.id) < tuple_(*after))
    return list(await connection.execute(statement))


async def list_comments(
    connection: AsyncConnection, order_id: UUID, limit: int, after: UUID | None
) -> list[CommentView]:
    """Oldest first."""
    statement = (
        select(comments).where(comments.c.order_id == order_id).order_by(comments.c.id).limit(limit)
    )
    if after:
        statement = statement.where(comments.c.id > after)
    rows = await connection.execute(statement)
    return [CommentView(id=row.id, text=row.text, author=row.author, at=row.at) for row in rows]


async def completed_orders(
    connection: AsyncConnection,
    question: FindWorkOrders,
    limit: int,
    after: tuple[datetime, UUID] | None,
) -> list[Any]:
    """Ids and times of orders that are done, by when they were done, oldest first."""
    statement = (
        select(orders.c.id, orders.c.completed_at)
        .where(orders.c.completed_at.is_not(None))
        .order_by(orders.c.completed_at, orders.c.id)
        .limit(limit)
    )
    if question.client_id:
        statement = statement.where(orders.c.client_id == question.client_id)
    if question.period.start:
        statement = statement.where(orders.c.completed_at >= question.period.start)
    if question.period.end:
        statement = statement.where(orders.c.completed_at < question.period.end)
    if after:
        statement = statement.where(tuple_(orders.c.completed_at, orders.c.id) > tuple_(*after))
    return list(await connection.execute(statement))
