"""The station's own reference data: sections, posts, employees and the catalogue of works."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Table, Uuid, any_, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.tables import (
    employees,
    order_types,
    packages,
    posts,
    sections,
    stations,
    works,
)
from shared.contracts.base import Message, Page
from shared.contracts.orders import AddService, CreateOrder, Earner, StationView
from shared.contracts.taxes import VatRate, VatRatesView
from shared.pagination import keys_of, page_of
from shared.refusals import Refused

_IDS = bindparam("ids", type_=ARRAY(Uuid))
_NOT_FOUND = {
    sections: "section_not_found",
    posts: "post_not_found",
    employees: "employee_not_found",
    works: "service_not_found",
    packages: "package_not_found",
    order_types: "order_type_not_found",
    stations: "station_not_found",
}
EMPLOYEES_OF_ORDER = (
    "employee_id", "mechanic_id", "responsible_id", "product_responsible_id", "examiner_id",
)  # fmt: skip
"""The fields of a header that name somebody."""


class Places:
    """Rows of these tables, by id. Few and rarely changed: written at once, not in batches."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._known: dict[UUID, Any] = {}
        self._types: dict[str, Any] = {}
        self._logins: dict[str, Any | None] = {}

    async def prefetch(self, messages: Sequence[Message]) -> None:
        """What new orders and works name: one statement per table, however many there are."""
        added = {message.service_id for message in messages if isinstance(message, AddService)}
        await self.many(works, added)
        created = [message for message in messages if isinstance(message, CreateOrder)]
        if not created:
            return
        await self.many(sections, {order.section_id for order in created})
        await self.many(
            employees,
            {getattr(order, name) for order in created for name in EMPLOYEES_OF_ORDER},
        )
        await self.many(posts, {order.post_id for order in created})
        await self._load_types({order.type for order in created})

    async def get(self, table: Table, row_id: UUID) -> Any:
        """A row; raises ``Refused`` with that table's own code."""
        if row_id not in self._known:
            result = await self._connection.execute(select(table).where(table.c.id == row_id))
            row = result.one_or_none()
            if row is None:
                raise Refused(_NOT_FOUND[table], id=row_id)
            self._known[row_id] = row
        return self._known[row_id]

    async def held(self, table: Table, row_id: UUID) -> Any:
        """A row as it is now, and stays until the end of the transaction; else as ``get``."""
        self._known.pop(row_id, None)
        query = select(table).where(table.c.id == row_id).with_for_update()
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            raise Refused(_NOT_FOUND[table], id=row_id)
        self._known[row_id] = row
        return row

    async def many(self, table: Table, ids: Collection[UUID | None]) -> dict[UUID, Any]:
        """Those of the rows that there are, by id."""
        wanted = sorted({row_id for row_id in ids if row_id and row_id not in self._known})
        if wanted:
            rows = await self._connection.execute(
                select(table).where(table.c.id == any_(_IDS)), {"ids": wanted}
            )
            self._known.update({row.id: row for row in rows})
        return {row_id: self._known[row_id] for row_id in ids if row_id in self._known}

    async def every(self, table: Table) -> list[Any]:
        """All rows, in the order in which they were made."""
        rows = (await self._connection.execute(select(table).order_by(table.c.id))).all()
        self._known.update({row.id: row for row in rows})
        return list(rows)

    async def employee_of(self, login: str) -> Any | None:
        """Who signs in by this name."""
        if login not in self._logins:
            result = await self._connection.execute(
                select(employees).where(employees.c.login == login)
            )
            self._logins[login] = result.one_or_none()
        return self._logins[login]

    async def order_type(self, code: str) -> Any:
        """One that may be chosen; raises ``Refused("order_type_not_found")``."""
        if code not in self._types:
            await self._load_types({code})
        if code not in self._types or not self._types[code].active:
            raise Refused("order_type_not_found", id=code)
        return self._types[code]

    async def types(self, codes: Collection[str]) -> dict[str, Any]:
        """By code, whether they may still be chosen or not."""
        await self._load_types(set(codes) - self._types.keys())
        return {code: self._types[code] for code in codes if code in self._types}

    async def pay_percents(self, employee_ids: Collection[UUID]) -> dict[UUID, Decimal]:
        """What share of the works that they do these people earn."""
        people = await self.many(employees, employee_ids)
        return {row.id: row.pay_percent for row in people.values()}

    async def earners(self, employee_ids: Collection[UUID]) -> dict[UUID, Earner]:
        """These people as pay rules know them."""
        people = await self.many(employees, employee_ids)
        return {
            row.id: Earner(
                employee_id=row.id,
                pay_percent=row.pay_percent,
                role=row.role,
                section_id=row.section_id,
            )
            for row in people.values()
        }

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

    async def note_vat(self, vat: VatRatesView) -> None:
        """Finance's newest word counts, whatever comes later."""
        rates = [rate.model_dump(mode="json") for rate in vat.counting]
        await self._connection.execute(
            update(stations)
            .where(stations.c.id == vat.station_id, stations.c.vat_revision < vat.revision)
            .values(vat_rates=rates, vat_revision=vat.revision)
        )
        self._known.pop(vat.station_id, None)

    async def vat_rates(self, station_id: UUID) -> tuple[VatRate, ...]:
        """The station's rates by date; none when it sells without VAT."""
        station = (await self.many(stations, {station_id})).get(station_id)
        return tuple(VatRate.model_validate(rate) for rate in station.vat_rates) if station else ()

    async def _load_types(self, codes: set[str]) -> None:
        if codes:
            rows = await self._connection.execute(
                select(order_types).where(order_types.c.code.in_(codes))
            )
            self._types.update({row.code: row for row in rows})

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
