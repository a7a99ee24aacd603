"""Orders' copies of others' things, for whoever compares them with what their owners say."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.tables import client_contracts, clients, products, stations, vehicles
from shared.contracts.copies import CopiedKind, ListToldByOrders, Told
from shared.contracts.inventory import ProductUnit
from shared.contracts.requisites import Requisites
from shared.contracts.taxes import VatRate
from shared.copies import told
from shared.pagination import by_id

_COPIES: dict[CopiedKind, Table] = {
    "client": clients,
    "vehicle": vehicles,
    "contract": client_contracts,
    "product": products,
}
_OF_A_COPY = {"id", "revision", "complete"}


async def told_by_orders(connection: AsyncConnection, asked: ListToldByOrders) -> list[Told]:
    """One more than a page, by id."""
    table = _COPIES.get(asked.kind, stations)
    statement = by_id(select(table), table.c.id, asked.cursor, asked.limit, only=asked.ids)
    if asked.kind == "vat":
        rows = await connection.execute(statement.where(stations.c.vat_revision > 0))
        return [told("vat", row.id, row.vat_revision, {"rates": _rates(row)}) for row in rows]
    rows = await connection.execute(statement)
    return [told(asked.kind, row.id, row.revision, _fields(table, row)) for row in rows]


def _rates(station: Any) -> list[dict[str, Any]]:
    return [VatRate.model_validate(rate).model_dump() for rate in station.vat_rates]


def _fields(table: Table, row: Any) -> dict[str, Any]:
    """Of one that is older than some of its columns, what it had from the first."""
    if not row.complete:
        return {"name": row.name} if "name" in table.c else {}
    fields = {column.name: row._mapping[column] for column in table.c}
    fields = {name: value for name, value in fields.items() if name not in _OF_A_COPY}
    if table is clients and row.requisites:
        requisites = Requisites.model_validate(row.requisites)
        return fields | {"requisites": requisites.model_dump(exclude_none=True)}
    if table is products:
        units = [ProductUnit.model_validate(unit).model_dump() for unit in row.units]
        return fields | {"units": units}
    return fields
