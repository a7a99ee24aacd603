"""The station's own reference data: sections, posts, employees and the catalogue of works.

What hardly ever changes, and is few, is kept in memory: the whole of it with the version that it
had, beside each connection. A transaction uses it only if the database still has that version,
which loading anything tells along; so that no process of the service, whoever made the change,
works by what is out of date. What a transaction has changed itself it reads anew, and nobody else
sees it before its commit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Table, Uuid, any_, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.records import prepared, reader, record
from services.orders.store.tables import (
    employees,
    order_types,
    packages,
    posts,
    price_rules,
    sections,
    stations,
    works,
)
from shared.contracts.base import Page
from shared.contracts.orders import Earner, StationView
from shared.contracts.taxes import VatRate, VatRatesView
from shared.pagination import by_id, page_of
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
_KEPT = (stations, sections, posts, employees, order_types)
_READ = {table: reader(table) for table in (*_KEPT, price_rules)}
_VERSION = "(SELECT version FROM places_version)"
_READ_VERSION = prepared(version=_VERSION)
_READ_ALL = prepared(
    version=_VERSION,
    **{
        table.name: f"ARRAY(SELECT {record(table.c.keys())} FROM {table.name} ORDER BY 1)"
        for table in _READ
    },
)
EMPLOYEES_OF_ORDER = (
    "employee_id", "mechanic_id", "responsible_id", "product_responsible_id", "examiner_id",
)  # fmt: skip
"""The fields of a header that name somebody."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The places as they are in one version; rows by id, in the order in which they were made."""

    version: int
    rows: dict[Table, dict[UUID, Any]]
    types: dict[str, Any]
    logins: dict[str, Any]
    rules: dict[UUID, Any]
    """By station."""


class Places:
    """Rows of these tables. Written at once, not in batches."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._version: int | None = None
        self._kept: Kept | None = None
        self._changed = False
        self._known: dict[UUID, Any] = {}

    def note(self, version: int, works: Mapping[UUID, Any] = MappingProxyType({})) -> None:
        """What was loaded with other things: the version of the places, and some works."""
        self._version = version
        self._known.update(works)

    async def kept(self) -> Kept:
        """Everything that is kept in memory, as it is now."""
        if self._kept is None:
            kept = None if self._changed else self._connection.info.get(Kept)
            if kept is None or kept.version != await self._newest():
                kept = await self._read_all()
                if not self._changed:
                    self._connection.info[Kept] = kept
            self._kept = kept
        return self._kept

    async def get(self, table: Table, row_id: UUID) -> Any:
        """A row; raises ``Refused`` with that table's own code."""
        found = await self.many(table, (row_id,))
        if row_id not in found:
            raise Refused(_NOT_FOUND[table], id=row_id)
        return found[row_id]

    async def held(self, table: Table, row_id: UUID) -> Any:
        """A row as it is now, and stays until the end of the transaction; else as ``get``."""
        query = select(table).where(table.c.id == row_id).with_for_update()
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            raise Refused(_NOT_FOUND[table], id=row_id)
        self._known[row_id] = row
        return row

    async def many(self, table: Table, ids: Collection[UUID | None]) -> dict[UUID, Any]:
        """Those of the rows that there are, by id."""
        if table in _KEPT:
            known = (await self.kept()).rows[table]
        else:
            known = await self._loaded(table, ids)
        return {row_id: known[row_id] for row_id in ids if row_id in known}

    async def every(self, table: Table) -> list[Any]:
        """All rows of one that is kept, in the order in which they were made."""
        return list((await self.kept()).rows[table].values())

    async def employee_of(self, login: str) -> Any | None:
        """Who signs in by this name."""
        return (await self.kept()).logins.get(login)

    async def order_type(self, code: str) -> Any:
        """One that may be chosen; raises ``Refused("order_type_not_found")``."""
        found = (await self.kept()).types.get(code)
        if found is None or not found.active:
            raise Refused("order_type_not_found", id=code)
        return found

    async def types(self, codes: Collection[str]) -> dict[str, Any]:
        """By code, whether they may still be chosen or not."""
        known = (await self.kept()).types
        return {code: known[code] for code in codes if code in known}

    async def price_rules(self, station_id: UUID) -> Any | None:
        """None: nobody has set them."""
        return (await self.kept()).rules.get(station_id)

    def changed(self) -> None:
        """This transaction has written what is kept: from now on it reads that anew."""
        self._changed, self._kept = True, None

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
        statement = by_id(select(table).where(*conditions), table.c.id, cursor, limit)
        rows = (await self._connection.execute(statement)).all()
        return page_of(rows, limit, view, lambda row: (row.id,))

    async def stations(self) -> list[StationView]:
        rows = sorted(await self.every(stations), key=attrgetter("code"))
        return [StationView(**row._mapping) for row in rows]

    async def note_vat(self, vat: VatRatesView) -> None:
        """Finance's newest word counts, whatever comes later."""
        rates = [rate.model_dump(mode="json") for rate in vat.counting]
        await self._connection.execute(
            update(stations)
            .where(stations.c.id == vat.station_id, stations.c.vat_revision < vat.revision)
            .values(vat_rates=rates, vat_revision=vat.revision)
        )
        self.changed()

    async def vat_rates(self, station_id: UUID) -> tuple[VatRate, ...]:
        """The station's rates by date; none when it sells without VAT."""
        station = (await self.many(stations, {station_id})).get(station_id)
        return tuple(VatRate.model_validate(rate) for rate in station.vat_rates) if station else ()

    async def _loaded(self, table: Table, ids: Collection[UUID | None]) -> dict[UUID, Any]:
        wanted = sorted({row_id for row_id in ids if row_id and row_id not in self._known})
        if wanted:
            rows = await self._connection.execute(
                select(table).where(table.c.id == any_(_IDS)), {"ids": wanted}
            )
            self._known.update({row.id: row for row in rows})
        return self._known

    async def _newest(self) -> int:
        if self._version is None:
            (found,) = await _READ_VERSION.rows(self._connection)
            self._version = int(found.version)
        return self._version

    async def _read_all(self) -> Kept:
        (found,) = await _READ_ALL.rows(self._connection)
        rows = {
            table: {row.id: row for row in map(_READ[table], getattr(found, table.name))}
            for table in _KEPT
        }
        return Kept(
            found.version,
            rows,
            {row.code: row for row in rows[order_types].values()},
            {row.login: row for row in rows[employees].values()},
            {row.station_id: row for row in map(_READ[price_rules], found.price_rules)},
        )

    async def _written(self, statement: Any, taken: Refused) -> Any:
        try:
            async with self._connection.begin_nested():
                row = (await self._connection.execute(statement)).one()
        except IntegrityError as error:
            if getattr(error.orig, "sqlstate", "") == "23505":
                raise taken from error
            raise
        self.changed()
        self._known[row.id] = row
        return row
