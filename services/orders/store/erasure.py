"""What orders have of a person besides the copies and the headers."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, and_, any_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.tables import comments, orders

MOST_SHOWN = 100
_IDS = bindparam("ids", type_=ARRAY(Uuid))


async def open_orders(connection: AsyncConnection, client_id: UUID) -> list[str]:
    """Numbers of orders that are neither settled nor cancelled and have this client, payer or
    driver: what one that is done leaves to be paid, nobody knows before."""
    rows = await connection.execute(
        select(orders.c.number)
        .where(
            or_(
                orders.c.client_id == client_id,
                and_(orders.c.payer_id == client_id, orders.c.payer_id != orders.c.client_id),
                orders.c.driver_id == client_id,
            ),
            orders.c.status != "cancelled",
            or_(orders.c.status != "done", ~orders.c.settled),
        )
        .order_by(orders.c.number)
        .limit(MOST_SHOWN)
    )
    return list(rows.scalars())


async def forget_comments(
    connection: AsyncConnection, order_ids: Collection[UUID], words: Collection[str], called: str
) -> None:
    """Comments in which one of the words stands."""
    if not order_ids or not words:
        return
    await connection.execute(
        update(comments)
        .where(
            comments.c.order_id == any_(_IDS),
            or_(*(func.strpos(comments.c.text, word) > 0 for word in sorted(words))),
        )
        .values(text=called),
        {"ids": sorted(order_ids)},
    )


async def forgotten_comments(
    connection: AsyncConnection, order_ids: Collection[UUID], called: str
) -> list[UUID]:
    """Which they were."""
    found = await connection.execute(
        select(comments.c.id).where(comments.c.order_id == any_(_IDS), comments.c.text == called),
        {"ids": sorted(order_ids)},
    )
    return list(found.scalars())
