"""The station's own reference data: sections, posts, employees and the catalogue of works."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Table, Uuid, any_, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.tables import employees, posts, sections, stations, works
from shared.contracts.base import Page
from shared.contracts.orders import StationView
from shared.pagination import keys_of, page_of
from shared.refusals import Refused

_IDS = bindparam("ids", type_=ARRAY(Uuid))
_NOT_FOUND = {
    sections: "section_not_found",
    posts: "post_not_found",
    employees: "employee_not_found",
    works: "service_not_found",
}


class Places:
    """Rows of the four tables, by id. Few and rarely changed: written at once, not in batches."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._known: dict[UUID, Any] = {}

    async def get(self, table: Table, row_id: UUID) -> Any:
        """A row; raises ``Refused`` with that table's own code."""
        if row_id not in self._known:
            result = await self._connection.execute(select(table).where(table.c.id == row_id))
            row = result.one_or_none()
            if row is None:
                raise Refused(_NOT_FOUND[table], id=row_id)
            self._known[row_id] = row
        return self._known[row_id]

    async def many(self, table: Table, ids: Collection[UUID | None]) -> dict[UUID, Any]:
        """Those of the rows that there are, by id."""
        wanted = sorted({row_id for row_id in ids if row_id and row_id not in self._known})
        if wanted:
            rows = await self._connection.execute(
                select(table).where(table.c.id == any_(_IDS)), {"ids": wanted}
            )
            self._known.update({row.id: row for row in rows})
        return {row_id: self._known[row_id] for row_id in ids if row_id in self._known}

    async def employee_of(self, login: str) -> Any | None:
        """Who signs in by this name."""
        result = await self._connection.execute(select(employees).where(employees.c.login == login))
        return result.one_or_none()

    async def pay_percents(self, employee_ids: set[UUID]) -> dict[UUID, Any]:
        result = await self._connection.execute(
            select(employees.c.id, employees.c.pay_percent).where(employees.c.id.in_(employee_ids))
        )
        return {row.id: row.pay_percent for row in result}

    async def add(self, table: Table, row: dict[str, Any], taken: Refused) -> Any:
        """Inserts; raises ``taken`` when the unique name is somebody else's."""
        return await self._written(insert(table).values(**row).returning(table), taken)

    async def change(
        self, table: Table, row_id: UUID, changes: dict[str, Any], taken: Refused
    ) -> Any:
        statement = (
            update(table)
            .where(table.c.id == row_id)
            .values(**changes, revision=table.c.revision + 1)
            .returning(table)
        )
        return await self._written(statement, taken)

    async def page[ViewT](
        self,
        table: Table,
        view: Callable[[Any], ViewT],
        limit: int,
        cursor: str | None,
        *conditions: ColumnElement[bool],
    ) -> Page[ViewT]:
        """In the order in which they were made."""
        statement = select(table).where(*conditions).order_by(table.c.id).limit(limit + 1)
        if cursor:
            (after,) = keys_of(cursor, tuple[UUID])
            statement = statement.where(table.c.id > after)
        rows = (await self._connection.execute(statement)).all()
        return page_of(rows, limit, view, lambda row: (row.id,))

    async def stations(self) -> list[StationView]:
        rows = await self._connection.execute(select(stations).order_by(stations.c.code))
        return [StationView(**row._mapping) for row in rows]

    async def _written(self, statement: Any, taken: Refused) -> Any:
        try:
            async with self._connection.begin_nested():
                row = (await self._connection.execute(statement)).one()
        except IntegrityError as error:
            if getattr(error.orig, "sqlstate", "") == "23505":
                raise taken from error
            raise
        self._known[row.id] = row
        return row
