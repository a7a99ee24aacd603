"""All that a batch of messages will ask for, in one statement: one way to the database and back.

Each thing comes as an array of its rows. Orders are locked in the order of their ids, then the
clients whom they are to name. A statement sees the database as it was when it began: an order that
somebody else changed while its lock was waited for comes with lines that are out of date. Its row
tells, by the transaction that wrote it, and then its lines are read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.domain.order import Order
from services.orders.store.order_rows import (
    ORDER_COLUMNS,
    PART_COLUMNS,
    SERVICE_COLUMNS,
    orders_of,
)
from services.orders.store.records import prepared, reader, record
from services.orders.store.tables import client_contracts, clients, products, vehicles, works

type Rows = dict[UUID, Any]


@dataclass(slots=True)
class Wanted:
    """Ids, unless something else is said. ``clients`` are held: nobody merges them meanwhile."""

    orders: set[UUID] = field(default_factory=set)
    clients: set[UUID] = field(default_factory=set)
    vehicles: set[UUID] = field(default_factory=set)
    products: set[UUID] = field(default_factory=set)
    works: set[UUID] = field(default_factory=set)
    contracts_of: set[UUID] = field(default_factory=set)
    """Clients."""
    contracts_with: set[UUID] = field(default_factory=set)
    """Orders, whose clients are meant."""
    offered_on: set[UUID] = field(default_factory=set)
    """Cars: how many works that were declined are still offered on them."""
    numbers: int = 0
    """So many new ones."""


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of it, by id; contracts by client, also of those who have none; what is offered
    by car."""

    orders: dict[UUID, Order]
    clients: Rows
    vehicles: Rows
    products: Rows
    works: Rows
    contracts: dict[UUID, list[Any]]
    offered: dict[UUID, int]
    numbers: list[int]
    places: int
    """The version of the places, as they are now: see ``places``."""


async def load(connection: AsyncConnection, wanted: Wanted) -> Found:
    """One statement; one more if somebody else was just at one of the orders."""
    (found,) = await _LOCKED.rows(
        connection,
        orders=(ids := sorted(wanted.orders)),
        clients=sorted(wanted.clients),
        vehicles=sorted(wanted.vehicles),
        products=sorted(wanted.products),
        works=sorted(wanted.works),
        contracts_of=sorted(wanted.contracts_of),
        contracts_with=sorted(wanted.contracts_with),
        offered_on=sorted(wanted.offered_on),
        numbers=wanted.numbers,
    )
    orders = orders_of(found.orders, found.services, found.parts)
    if found.written_by != found.seen:
        orders = (await look_at(connection, ids)).orders
    contracts: dict[UUID, list[Any]] = {
        client_id: [] for client_id in (*wanted.contracts_of, *found.contracts_with)
    }
    for contract in map(_CONTRACT, found.contracts):
        contracts[contract.client_id].append(contract)
    return Found(
        orders,
        _by_id(_CLIENT, found.clients),
        _by_id(_VEHICLE, found.vehicles),
        _by_id(_PRODUCT, found.products),
        _by_id(_WORK, found.works),
        contracts,
        dict(found.offered),
        found.numbers,
        found.places,
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """Orders to look at, and what is offered on their cars; by id."""

    orders: dict[UUID, Order]
    offered: dict[UUID, int]
    places: int


async def look_at(
    connection: AsyncConnection, order_ids: Iterable[UUID], *, and_offered: bool = False
) -> Seen:
    """Takes no lock. What is offered is counted only where that is asked for."""
    ids = sorted(order_ids)
    (found,) = await _SEEN.rows(connection, orders=ids, offered_with=ids if and_offered else [])
    orders = orders_of(found.orders, found.services, found.parts)
    return Seen(orders, dict(found.offered), found.places)


def _by_id(read: Callable[[Any], Any], records: Iterable[Any]) -> Rows:
    return {row.id: row for row in map(read, records)}


# --- the statements ------------------------------------------------------------------------------


def _rows(name: str, columns: Iterable[str], which: str) -> str:
    return f"ARRAY(SELECT {record(columns)} FROM {name} WHERE {which})"


def _all_of(table: Table, which: str) -> str:
    return _rows(table.name, table.c.keys(), which)


def _offered_on(cars: str) -> str:
    return f"""ARRAY(
        SELECT ROW(orders.vehicle_id, count(*)) FROM orders
        JOIN service_lines ON service_lines.order_id = orders.id
        WHERE orders.vehicle_id = ANY({cars})
            AND approval_state = 'declined' AND approval_closed IS NULL
        GROUP BY orders.vehicle_id)"""


_CLIENT, _VEHICLE, _PRODUCT, _WORK, _CONTRACT = map(
    reader, (clients, vehicles, products, works, client_contracts)
)


def _ids(name: str) -> str:
    """Given ids, such that the planner cannot look at them: where it can, it plans every call anew
    for their number, which costs three times as much as the rest of the statement."""
    return f"(SELECT CAST(:{name} AS uuid[]))::uuid[]"


_ORDERS = f"id = ANY({_ids('orders')}) ORDER BY id"
_OF_THEM = f"order_id = ANY({_ids('orders')}) ORDER BY position"
_LINES = {
    "services": _rows("service_lines", SERVICE_COLUMNS, _OF_THEM),
    "parts": _rows("part_lines", PART_COLUMNS, _OF_THEM),
    "places": "(SELECT version FROM places_version)",
}
_CARS = f"ARRAY(SELECT vehicle_id FROM orders WHERE id = ANY({_ids('offered_with')}))"
_SEEN = prepared(
    orders=_rows("orders", ORDER_COLUMNS, _ORDERS), **_LINES, offered=_offered_on(_CARS)
)
_WITH = f"ARRAY(SELECT client_id FROM orders WHERE id = ANY({_ids('contracts_with')}))"
_LOCKED = prepared(
    orders="ARRAY(SELECT whole FROM locked)",
    written_by="ARRAY(SELECT xmin FROM locked)",
    seen=f"ARRAY(SELECT xmin FROM orders WHERE {_ORDERS})",
    **_LINES,
    clients=_all_of(clients, f"id = ANY({_ids('clients')}) ORDER BY id FOR KEY SHARE"),
    vehicles=_all_of(vehicles, f"id = ANY({_ids('vehicles')})"),
    products=_all_of(products, f"id = ANY({_ids('products')})"),
    works=_all_of(works, f"id = ANY({_ids('works')})"),
    contracts=_all_of(client_contracts, f"client_id = ANY({_ids('contracts_of')} || {_WITH})"),
    offered=_offered_on(_ids("offered_on")),
    contracts_with=_WITH,
    numbers="""ARRAY(
        SELECT nextval('order_numbers') FROM generate_series(1, CAST(:numbers AS integer)))""",
    before=f"""WITH locked AS (
        SELECT {record(ORDER_COLUMNS)} AS whole, xmin FROM orders WHERE {_ORDERS} FOR UPDATE)""",
)
