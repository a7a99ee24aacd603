"""What orders knows of other services' clients, cars and products.

Their events keep these copies fresh. A thing so new that its event is still under way is asked
for at its owner, so that nobody who has just made a client is told that there is none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Table, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.tables import clients, products, vehicles
from shared.contracts.base import Message
from shared.contracts.clients import ClientView, GetClient, GetVehicle, VehicleView
from shared.contracts.inventory import GetProduct, ProductView
from shared.contracts.orders import CreateOrder, RequestParts
from shared.handlers import Work

_IDS = bindparam("ids", type_=ARRAY(Uuid))


class Copies:
    """Rows by id, read once per transaction. A copy never goes back to an older revision."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._known: dict[Table, dict[UUID, Any]] = {clients: {}, vehicles: {}, products: {}}
        self._news: dict[Table, dict[UUID, dict[str, Any]]] = {}

    async def prefetch(self, messages: Sequence[Message]) -> None:
        wanted: dict[Table, set[UUID]] = {clients: set(), vehicles: set(), products: set()}
        for message in messages:
            if isinstance(message, CreateOrder):
                wanted[clients].add(message.client_id)
                if message.vehicle_id:
                    wanted[vehicles].add(message.vehicle_id)
            elif isinstance(message, RequestParts):
                wanted[products].update(line.product_id for line in message.lines)
        for table, ids in wanted.items():
            await self._load(table, ids)

    async def client(self, client_id: UUID, work: Work) -> Any:
        """``name`` and ``discount_percent``. Raises ``Refused("client_not_found")``."""
        if known := await self._get(clients, client_id):
            return known
        client = await work.ask(GetClient(client_id=client_id))
        return self.note_client(client)

    async def vehicle(self, vehicle_id: UUID, work: Work) -> Any:
        """``name`` and ``client_id``. Raises ``Refused("vehicle_not_found")``."""
        if known := await self._get(vehicles, vehicle_id):
            return known
        return self.note_vehicle(await work.ask(GetVehicle(vehicle_id=vehicle_id)))

    async def product(self, product_id: UUID, work: Work) -> Any:
        """``name``, ``oem``, ``measure``, ``price``. Raises ``Refused("product_not_found")``."""
        if known := await self._get(products, product_id):
            return known
        return self.note_product(await work.ask(GetProduct(product_id=product_id)))

    async def many(self, table: Table, ids: Collection[UUID | None]) -> dict[UUID, Any]:
        """Those of the copies that there are, by id."""
        wanted = {row_id for row_id in ids if row_id is not None}
        await self._load(table, wanted - self._known[table].keys())
        return {
            row_id: self._known[table][row_id] for row_id in wanted if row_id in self._known[table]
        }

    def note_client(self, client: ClientView) -> Any:
        return self._note(
            clients,
            id=client.id,
            name=client.name,
            discount_percent=client.discount_percent or Decimal(0),
            revision=client.revision,
        )

    def note_vehicle(self, vehicle: VehicleView) -> Any:
        parts = (vehicle.vendor, vehicle.model, vehicle.plate or vehicle.vin)
        return self._note(
            vehicles,
            id=vehicle.id,
            client_id=vehicle.client_id,
            name=" ".join(part for part in parts if part),
            revision=vehicle.revision,
        )

    def note_product(self, product: ProductView) -> Any:
        return self._note(
            products,
            id=product.id,
            name=product.name,
            oem=product.oem,
            measure=product.measure,
            price=product.price,
            revision=product.revision,
        )

    async def flush(self) -> None:
        for table, rows in self._news.items():
            statement = upsert(table)
            statement = statement.on_conflict_do_update(
                index_elements=["id"],
                set_={c.name: statement.excluded[c.name] for c in table.c if c.name != "id"},
                where=table.c.revision < statement.excluded.revision,
            )
            # In one order everywhere, so that two processes cannot lock each other out.
            await self._connection.execute(statement, [rows[key] for key in sorted(rows)])

    async def _get(self, table: Table, row_id: UUID) -> Any:
        if row_id not in self._known[table]:
            await self._load(table, {row_id})
        return self._known[table].get(row_id)

    async def _load(self, table: Table, ids: set[UUID]) -> None:
        if not ids:
            return
        rows = await self._connection.execute(
            select(table).where(table.c.id == any_(_IDS)), {"ids": sorted(ids)}
        )
        self._known[table].update({row.id: row for row in rows})

    def _note(self, table: Table, **row: Any) -> Any:
        news = self._news.setdefault(table, {})
        newest = news.get(row["id"])
        if newest is None or newest["revision"] <= row["revision"]:
            news[row["id"]] = row
        return _Row(row)


class _Row:
    """Fields by name, as a database row has them."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)
