"""What orders knows of other services' clients, cars and products.

Their events keep these copies fresh. A thing so new that its event is still under way is asked
for at its owner, so that nobody who has just made a client is told that there is none.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from itertools import batched, zip_longest
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Table,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.store.loading import Found
from services.orders.store.tables import clients, products, vehicles
from shared.contracts.clients import ClientView, GetCards, GetClient, GetVehicle, VehicleView
from shared.contracts.inventory import GetProduct, GetProducts, ProductView
from shared.handlers import Work
from shared.reading import read_together
from shared.refusals import Refused
from shared.writing import Pending, Rows

type Copied = Mapping[UUID, Any]


class Known(NamedTuple):
    """Copies by id."""

    clients: Copied
    vehicles: Copied
    products: Copied


MOST_AT_ONCE = 500
_IDS = bindparam("ids", type_=ARRAY(Uuid))


class Copies:
    """Rows by id, read once per transaction; ``None``: there is none. A copy never goes back to an
    older revision."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._known: dict[Table, dict[UUID, Any]] = {clients: {}, vehicles: {}, products: {}}
        self._asked: set[UUID] = set()
        self._news: dict[Table, dict[UUID, dict[str, Any]]] = {}
        self.saves = 0

    def found(self, found: Found) -> None:
        """What was loaded with other things."""
        self._known[clients].update(found.clients)
        self._known[vehicles].update(found.vehicles)
        self._known[products].update(found.products)

    async def client(self, client_id: UUID, work: Work) -> Any:
        """``name`` and ``discount_percent``. Nobody merges the client until the transaction ends.
        Raises ``Refused``: ``client_not_found``, ``client_merged``, ``client_erased``."""
        if known := await self._get(clients, client_id, hold=True):
            survivor_id = known.merged_into
        else:
            asked = await work.ask(GetClient(client_id=client_id))
            known, survivor_id = self.note_client(asked), asked.merged_into
        if survivor_id:
            raise Refused("client_merged", id=client_id, client_id=survivor_id)
        if known.erased_at:
            raise Refused("client_erased", id=client_id)
        return known

    async def survivor_of(self, client_id: UUID) -> UUID:
        """Who is meant by this client: itself, or the one that it was merged into."""
        known = await self._get(clients, client_id)
        if known is None or known.merged_into is None:
            return client_id
        return await self.survivor_of(known.merged_into)

    async def merge(self, merged: ClientView, survivor: ClientView) -> Any:
        """Both copies as they are now; whoever opens an order for the merged one is waited for.
        Answers the copy of who remains, called as now: a later merger may have been heard of
        before, or that the person was erased."""
        await self._connection.execute(_HOLD_CLIENT, {"id": merged.id})
        await self._read({clients: {merged.id, survivor.id}})
        self.note_client(survivor)
        self.note_client(merged)
        return await self._get(clients, await self.survivor_of(survivor.id))

    async def vehicle(self, vehicle_id: UUID, work: Work) -> Any:
        """``name`` and ``client_id``. Raises ``Refused("vehicle_not_found")``."""
        if known := await self._get(vehicles, vehicle_id):
            return known
        return self.note_vehicle(await work.ask(GetVehicle(vehicle_id=vehicle_id)))

    async def product(self, product_id: UUID, work: Work) -> Any:
        """All of it. Raises ``Refused("product_not_found")``."""
        known = await self._get(products, product_id)
        if known and not known.complete:
            await self._complete(work, product_ids=[product_id])
            known = self._known[products][product_id]
        return known or self.note_product(await work.ask(GetProduct(product_id=product_id)))

    async def many(
        self,
        work: Work,
        *,
        client_ids: Collection[UUID | None] = (),
        vehicle_ids: Collection[UUID | None] = (),
        product_ids: Collection[UUID | None] = (),
    ) -> Known:
        """All that is known of these, or that their owners can be asked for."""
        wanted = {clients: client_ids, vehicles: vehicle_ids, products: product_ids}
        await self._read_missing(wanted)
        await self._complete(work, *(self._lacking(table, ids) for table, ids in wanted.items()))
        return Known(*(self._known_of(table, ids) for table, ids in wanted.items()))

    async def vehicles_in_full(self, vehicle_ids: Collection[UUID], work: Work) -> Copied:
        """As far as their owner knows them. Raises ``Refused`` while it is away."""
        await self._read_missing({vehicles: vehicle_ids})
        for part in batched(self._lacking(vehicles, vehicle_ids), MOST_AT_ONCE):
            for vehicle in (await work.ask(GetCards(client_ids=(), vehicle_ids=part))).vehicles:
                self.note_vehicle(vehicle)
        return self._known_of(vehicles, vehicle_ids)

    async def kept(
        self,
        *,
        client_ids: Collection[UUID | None] = (),
        vehicle_ids: Collection[UUID | None] = (),
    ) -> Known:
        """What is written of these, however little: nobody is asked."""
        await self._read_missing({clients: client_ids, vehicles: vehicle_ids})
        return Known(self._known_of(clients, client_ids), self._known_of(vehicles, vehicle_ids), {})

    def note_client(self, client: ClientView) -> Any:
        same = client.model_dump(
            include={
                "id", "name", "kind", "last_name", "first_name", "middle_name", "company_name",
                "email", "comment", "services_discount_percent", "products_discount_percent",
                "merged_into", "erased_at", "revision",
            }
        )  # fmt: skip
        return self._note(
            clients,
            **same,
            phones=list(client.phones),
            requisites=client.requisites and client.requisites.model_dump(exclude_none=True),
            discount_percent=client.discount_percent or Decimal(0),
        )

    def note_vehicle(self, vehicle: VehicleView) -> Any:
        same = vehicle.model_dump(
            include={
                "id", "client_id", "vin", "plate", "vendor", "model", "year", "engine",
                "vehicle_class", "mileage_km", "revision",
            }
        )  # fmt: skip
        return self._note(vehicles, **same, name=vehicle.known_as)

    def note_product(self, product: ProductView) -> Any:
        same = product.model_dump(
            include={
                "id", "name", "oem", "measure", "price", "comment", "vendor", "group",
                "warranty_days", "warranty_km", "no_discount", "revision",
            }
        )  # fmt: skip
        units = [unit.model_dump(mode="json") for unit in product.units]
        unpriced = product.pricing == "matrix" and not product.price
        return self._note(products, **same, units=units, unpriced=unpriced)

    async def _complete(
        self,
        work: Work,
        client_ids: Sequence[UUID] = (),
        vehicle_ids: Sequence[UUID] = (),
        product_ids: Sequence[UUID] = (),
    ) -> None:
        """Asks the owners for what the copies lack, all at once. An owner who is away
        leaves them as they are: what is known is shown, and asked for again the next time."""
        with contextlib.suppress(Refused):
            for clients_part, vehicles_part in zip_longest(
                self._unasked(client_ids), self._unasked(vehicle_ids), fillvalue=()
            ):
                cards = await work.ask(GetCards(client_ids=clients_part, vehicle_ids=vehicles_part))
                for client in cards.clients:
                    self.note_client(client)
                for vehicle in cards.vehicles:
                    self.note_vehicle(vehicle)
        self._asked.update(client_ids, vehicle_ids)
        with contextlib.suppress(Refused):
            for part in self._unasked(product_ids):
                for product in (await work.ask(GetProducts(product_ids=part))).items:
                    self.note_product(product)
        # Only now: in the lane whoever asks ends there, and others of the transaction ask as well.
        self._asked.update(product_ids)

    def _unasked(self, ids: Sequence[UUID]) -> list[tuple[UUID, ...]]:
        """In parts as large as one question may be; nobody is asked twice of one thing."""
        return list(batched((row_id for row_id in ids if row_id not in self._asked), MOST_AT_ONCE))

    def flush(self, pending: Pending) -> None:
        for table, rows in self._news.items():
            # In one order everywhere, so that two processes cannot lock each other out.
            pending.add(_NEWS_OF[table], [(rows[key],) for key in sorted(rows)])
        self._news.clear()

    async def _get(self, table: Table, row_id: UUID, *, hold: bool = False) -> Any:
        if row_id not in self._known[table]:
            await self._read({table: {row_id}}, hold=hold)
        return self._known[table].get(row_id)

    def _known_of(self, table: Table, ids: Collection[UUID | None]) -> Copied:
        known = self._known[table]
        return {row_id: row for row_id in ids if row_id and (row := known.get(row_id))}

    def _lacking(self, table: Table, ids: Collection[UUID | None]) -> list[UUID]:
        """Those of which nothing is known, or not all of it."""
        known = self._known_of(table, ids)
        named = {row_id for row_id in ids if row_id}
        return sorted(
            row_id for row_id in named if row_id not in known or not known[row_id].complete
        )

    async def _read_missing(self, wanted: Mapping[Table, Collection[UUID | None]]) -> None:
        await self._read(
            {
                table: {row_id for row_id in ids if row_id and row_id not in self._known[table]}
                for table, ids in wanted.items()
            }
        )

    async def _read(self, wanted: Mapping[Table, set[UUID]], *, hold: bool = False) -> None:
        """As one statement. ``hold``: a client whom an order is to name is not merged meanwhile."""
        statements = {**_LOAD, clients: _HOLD_CLIENTS} if hold else _LOAD
        asked = [(statements[table], {"ids": sorted(ids)}) for table, ids in wanted.items()]
        answers = await read_together(self._connection, *asked)
        for (table, ids), rows in zip(wanted.items(), answers, strict=True):
            found = {row.id: row for row in rows}
            self._known[table].update(
                {row_id: self._newest(table, row_id, found.get(row_id)) for row_id in ids}
            )

    def _newest(self, table: Table, row_id: UUID, row: Any) -> Any:
        """News of this transaction may be older than what is written, or not written yet."""
        news = self._news.get(table, {}).get(row_id)
        return _Row(news) if news and (not row or row.revision <= news["revision"]) else row

    def _note(self, table: Table, **row: Any) -> Any:
        self.saves += 1
        news = self._news.setdefault(table, {})
        newest = news.get(row["id"])
        row["complete"] = True
        if newest is None or newest["revision"] <= row["revision"]:
            news[row["id"]] = row
        known = self._known[table]
        # What was not read yet is not known by an old piece of news either.
        if row["id"] in known:
            before = known[row["id"]]
            if before is None or before.revision <= row["revision"]:
                known[row["id"]] = _Row(row)
        return _Row(row)


def _news_of(table: Table) -> Rows:
    """A newer revision counts; of one revision, a row from before some columns gives way. Each row
    travels as JSON: it has lists in it."""
    name = f"news_of_{table.name}"
    rows = func.to_jsonb(bindparam(f"{name}_row", type_=ARRAY(JSONB, dimensions=1)))
    # Their columns go by their names: in the database they stand in the order of the migrations.
    given = func.jsonb_populate_recordset(literal_column(f"NULL::{table.name}"), rows).table_valued(
        *table.c.keys()
    )
    statement = upsert(table).from_select(table.c.keys(), select(given))
    merged = statement.on_conflict_do_update(
        index_elements=["id"],
        set_={c.name: statement.excluded[c.name] for c in table.c if c.name != "id"},
        where=or_(
            table.c.revision < statement.excluded.revision,
            and_(table.c.revision == statement.excluded.revision, table.c.complete.is_(False)),
        ),
    )
    return Rows(name, merged, ("row",))


_LOAD = {
    table: select(table).where(table.c.id == any_(_IDS)) for table in (clients, vehicles, products)
}
# Not against edits: only a merger waits for those who use the copy.
_HOLD_CLIENTS = _LOAD[clients].order_by(clients.c.id).with_for_update(read=True, key_share=True)
_HOLD_CLIENT = select(clients.c.id).where(clients.c.id == bindparam("id")).with_for_update()
_NEWS_OF = {table: _news_of(table) for table in (clients, vehicles, products)}


class _Row:
    """Fields by name, as a database row has them."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)
