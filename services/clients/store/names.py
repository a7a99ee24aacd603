"""Things that have a name of their own, whatever the case of its letters: tags and segments."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.base import Page
from shared.contracts.segments import SegmentView
from shared.contracts.tags import TagView
from shared.database import saving
from shared.pagination import keys_of, page_of
from shared.refusals import Refused

UNIQUE_VIOLATION = "23505"


async def save_named(connection: AsyncConnection, table: Table, row: dict[str, Any]) -> None:
    """Raises ``Refused("name_taken")``."""
    try:
        async with connection.begin_nested():
            await connection.execute(saving(table), [row])
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", "") == UNIQUE_VIOLATION:
            raise Refused("name_taken", name=row["name"]) from error
        raise


async def page_by_name[ViewT: (TagView, SegmentView)](
    connection: AsyncConnection, table: Table, view: type[ViewT], limit: int, cursor: str | None
) -> Page[ViewT]:
    key = func.lower(table.c.name)
    statement = select(table, key.label("key")).order_by(key).limit(limit + 1)
    if cursor:
        (after,) = keys_of(cursor, tuple[str])
        statement = statement.where(key > after)
    rows = (await connection.execute(statement)).all()
    return page_of(
        rows,
        limit,
        lambda row: view.model_validate(row, from_attributes=True),
        lambda row: (row.key,),
    )
