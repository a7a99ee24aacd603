"""Cards and cars in and out of the database: loaded once for a batch, written back together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Integer,
    Text,
    Uuid,
    any_,
    bindparam,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.domain.cards import Client
from services.clients.domain.identifiers import folded, plate_key
from services.clients.domain.mileage import cars_named, says_mileage
from services.clients.domain.search import name_key
from services.clients.domain.vehicles import Vehicle, VehicleFact
from services.clients.store.contracts import Contracts
from services.clients.store.erasure import Erasure
from services.clients.store.links import Links
from services.clients.store.merging import Duplicates
from services.clients.store.readings import Readings
from services.clients.store.rows import client_of, client_row, vehicle_of, vehicle_row
from services.clients.store.segments import Segments
from services.clients.store.tables import clients, name_words, vehicle_facts, vehicles
from services.clients.store.tags import Tags
from services.clients.store.visits import Visits
from shared.contracts.base import Message
from shared.contracts.client_data import EraseClient
from shared.contracts.client_links import LinkClient
from shared.contracts.client_merge import MergeClients
from shared.contracts.clients import AddVehicle, ChangeClient, ChangeVehicle
from shared.contracts.finance import OrderSettled, SettlementReversed
from shared.contracts.orders import OrderChanged, OrderCreated
from shared.contracts.tags import TagClient, TagVehicle, UntagClient, UntagVehicle
from shared.handlers import Store
from shared.reading import read_together
from shared.refusals import Refused
from shared.writing import inserting, inserting_missing, merging

_IDS = bindparam("ids", type_=ARRAY(Uuid))
_CLIENTS = select(clients).where(clients.c.id == any_(_IDS))
_VEHICLES = select(vehicles).where(vehicles.c.id == any_(_IDS))
# Sorted, so that two processes do not wait for each other in a circle; the keys stay free, so
# that nobody who only refers to the row has to wait.
_LOCK_CLIENTS = _CLIENTS.order_by(clients.c.id).with_for_update(key_share=True)
_LOCK_VEHICLES = (
    select(vehicles)
    .where(
        or_(
            vehicles.c.id == any_(_IDS),
            vehicles.c.vin == any_(bindparam("vins", type_=ARRAY(Text))),
        )
    )
    .order_by(vehicles.c.id)
    .with_for_update(key_share=True)
)
_LOCK_CARS = (
    select(vehicles)
    .where(vehicles.c.client_id == bindparam("client_id"))
    .order_by(vehicles.c.id)
    .with_for_update(key_share=True)
)
_VEHICLES_OF = select(vehicles).where(vehicles.c.client_id == any_(_IDS)).order_by(vehicles.c.id)
_HAVING = (
    select(vehicles)
    .where(
        or_(
            vehicles.c.vin == bindparam("vin", type_=Text),
            vehicles.c.plate_key == bindparam("plate_key", type_=Text),
        )
    )
    .order_by(vehicles.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)

_SAVE_CLIENTS = merging(clients)
_SAVE_VEHICLES = merging(vehicles)
_NEW_FACTS = inserting(vehicle_facts)
_END_FACTS = (
    update(vehicle_facts)
    .where(
        vehicle_facts.c.vehicle_id == bindparam("of_vehicle"),
        vehicle_facts.c.kind == bindparam("of_kind"),
        vehicle_facts.c.until.is_(None),
    )
    .values(until=bindparam("ended"))
)
_SAVE_WORDS = inserting_missing(name_words)


class ClientsStore(Store):
    """Remembers what it loaded and what is to be saved; the flush writes each table once."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self.contracts = Contracts(connection)
        self.duplicates = Duplicates(connection, self.pending)
        self.erasure = Erasure(connection)
        self.links = Links(connection)
        self.readings = Readings(connection, self.pending)
        self.segments = Segments(connection)
        self.tags = Tags(connection)
        self.visits = Visits(connection, self.pending)
        self._clients: dict[UUID, Client | None] = {}
        self._vehicles: dict[UUID, Vehicle | None] = {}
        self._holders: dict[str, UUID | None] = {}
        """Who has a VIN, as far as it was asked for."""
        self._new_clients: dict[UUID, Client] = {}
        self._new_vehicles: dict[UUID, Vehicle] = {}
        self._new_facts: list[VehicleFact] = []
        self._compared: set[UUID] = set()
        """Whose cars are others, or are told by another plate."""
        self._saves = 0

    async def prefetch(self, messages: Sequence[Message]) -> None:
        client_ids: set[UUID] = set()
        vehicle_ids: set[UUID] = set()
        vins: set[str] = set()
        read_on: set[UUID] = set()
        cars_read: set[UUID] = set()
        for message in messages:
            if isinstance(message, MergeClients):
                client_ids |= {message.client_id, message.other_id}
            if isinstance(message, EraseClient | OrderSettled | TagClient | UntagClient):
                client_ids.add(message.client_id)
            if isinstance(message, LinkClient):
                client_ids |= {message.client_id, message.other_id or message.client_id}
            if isinstance(message, SettlementReversed) and message.client_id:
                client_ids.add(message.client_id)
            if isinstance(message, ChangeVehicle | TagVehicle | UntagVehicle):
                vehicle_ids.add(message.vehicle_id)
            if isinstance(message, ChangeClient | AddVehicle | ChangeVehicle) and message.client_id:
                client_ids.add(message.client_id)
            if isinstance(message, AddVehicle | ChangeVehicle) and message.vin:
                vin = folded(message.vin)
                # Anything else is refused, and some of it no database can be asked for (NUL).
                if vin.isalnum():
                    vins.add(vin)
            if isinstance(message, OrderCreated | OrderChanged) and says_mileage(message):
                read_on.add(message.order_id)
                cars_read |= cars_named(message)
        await self._load(client_ids, vehicle_ids | cars_read, vins)
        await self.readings.load(read_on, cars_read)

    # --- one thing, to be changed ------------------------------------------------------------

    async def client(self, client_id: UUID) -> Client:
        """Raises ``Refused``: ``client_not_found``, ``client_merged``, ``client_erased``."""
        if client_id not in self._clients:
            await self._load([client_id])
        client = _found("client_not_found", client_id, self._clients[client_id])
        if client.merged_into:
            raise Refused("client_merged", id=client_id, client_id=client.merged_into)
        if client.erased_at:
            raise Refused("client_erased", id=client_id)
        return client

    async def survivor_of(self, client_id: UUID) -> UUID:
        """Whom this id means, itself or what it was merged into; the card is locked, so that
        nobody merges it meanwhile."""
        await self._load([client_id])
        client = self._clients[client_id]
        if client is None or client.merged_into is None:
            return client_id
        return await self.survivor_of(client.merged_into)

    async def hold_clients(self, client_ids: set[UUID]) -> None:
        """Locks these cards at once."""
        await self._load(client_ids)

    async def cards(self, client_ids: Collection[UUID]) -> list[Client]:
        """Those of these cards that there are, merged or not; locked."""
        await self._load(client_ids)
        found = (self._clients[client_id] for client_id in client_ids)
        return [client for client in found if client]

    async def cards_meant(self, client_ids: Collection[UUID]) -> dict[UUID, Client]:
        """By id the card that it means now: itself, or what it was merged into; locked. Of whom was
        erased, none."""
        cards = {card.id: card for card in await self.cards(client_ids)}
        merged = {card.merged_into for card in cards.values() if card.merged_into}
        remaining = await self.cards_meant(merged) if merged else {}
        meant = {
            each: remaining.get(card.merged_into) if card.merged_into else card
            for each, card in cards.items()
        }
        return {each: card for each, card in meant.items() if card and not card.erased_at}

    async def cars_of(self, client_id: UUID) -> list[Vehicle]:
        """A client's cars, the oldest first, as this transaction has made them; locked."""
        for row in await self.connection.execute(_LOCK_CARS, {"client_id": client_id}):
            if self._vehicles.get(row.id) is None:
                self._vehicles[row.id] = vehicle_of(row)
        owned = [car for car in self._vehicles.values() if car and car.client_id == client_id]
        return sorted(owned, key=lambda car: car.id)

    async def hold_cars(self, vehicle_ids: Collection[UUID]) -> list[Vehicle]:
        """Those of these cars that there are; locked."""
        await self._load(vehicle_ids=vehicle_ids)
        found = (self._vehicles[vehicle_id] for vehicle_id in sorted(vehicle_ids))
        return [car for car in found if car]

    async def vehicle(self, vehicle_id: UUID) -> Vehicle:
        """Raises ``Refused("vehicle_not_found")``."""
        if vehicle_id not in self._vehicles:
            await self._load(vehicle_ids=[vehicle_id])
        return _found("vehicle_not_found", vehicle_id, self._vehicles[vehicle_id])

    async def holder_of(self, vin: str | None) -> Vehicle | None:
        """The car that has this VIN."""
        if vin is None:
            return None
        if vin not in self._holders:
            await self._load(vins=[vin])
        holder = self._holders[vin]
        return self._vehicles[holder] if holder else None

    def save_client(self, client: Client) -> None:
        self._saves += 1
        self._clients[client.id] = self._new_clients[client.id] = client

    def save_vehicle(self, vehicle: Vehicle, facts: Sequence[VehicleFact]) -> None:
        self._saves += 1
        before = self._vehicles.get(vehicle.id)
        if before is None or _alike_by(before) != _alike_by(vehicle):
            self._compared.add(vehicle.client_id)
        if before and before.vin:
            self._holders[before.vin] = None
        if vehicle.vin:
            self._holders[vehicle.vin] = vehicle.id
        self._vehicles[vehicle.id] = self._new_vehicles[vehicle.id] = vehicle
        self._new_facts += facts

    # --- to look at --------------------------------------------------------------------------

    async def look_at_client(self, client_id: UUID) -> Client:
        """Of a card that was merged, the one that remains."""
        found = await self.look_at_clients([client_id])
        client = _found("client_not_found", client_id, next(iter(found), None))
        return await self.look_at_client(client.merged_into) if client.merged_into else client

    async def look_at_clients(self, client_ids: Sequence[UUID]) -> list[Client]:
        (rows,) = await read_together(self.connection, (_CLIENTS, {"ids": list(client_ids)}))
        return list(map(client_of, rows))

    async def look_at_vehicle(self, vehicle_id: UUID) -> Vehicle:
        found = await self.look_at_vehicles([vehicle_id])
        return _found("vehicle_not_found", vehicle_id, next(iter(found), None))

    async def look_at_vehicles(self, vehicle_ids: Sequence[UUID]) -> list[Vehicle]:
        (rows,) = await read_together(self.connection, (_VEHICLES, {"ids": list(vehicle_ids)}))
        return list(map(vehicle_of, rows))

    async def vehicles_of(self, client_ids: Sequence[UUID]) -> dict[UUID, list[Vehicle]]:
        """The cars of each of these clients, oldest first."""
        owned: dict[UUID, list[Vehicle]] = {client_id: [] for client_id in client_ids}
        (rows,) = await read_together(self.connection, (_VEHICLES_OF, {"ids": list(client_ids)}))
        for row in rows:
            owned[row.client_id].append(vehicle_of(row))
        return owned

    async def vehicles_having(self, vin: str | None, plate: str | None, most: int) -> list[Vehicle]:
        """Cars of this VIN or of this plate, however it is spelt; the newest first."""
        if not (vin or plate):
            return []
        key = plate_key(plate) if plate else None
        rows = await self.connection.execute(
            _HAVING, {"vin": vin or None, "plate_key": key or None, "most": most}
        )
        return list(map(vehicle_of, rows))

    # --- a batch -----------------------------------------------------------------------------

    async def flush(self) -> None:
        cards = self._new_clients.values()
        words = {word for card in cards for word in name_key(card).split()}
        self.pending.add(_SAVE_CLIENTS, map(client_row, cards))
        self.pending.add(_SAVE_WORDS, ((word,) for word in sorted(words)))
        self.pending.add(_SAVE_VEHICLES, map(vehicle_row, self._new_vehicles.values()))
        await self._flush_facts()
        self._look_for_duplicates()
        await self.visits.flush()
        self.readings.flush()
        self._new_clients, self._new_vehicles, self._new_facts = {}, {}, []
        self._compared = set()

    def unsaved(self) -> int:
        return self._saves + self.visits.saves + self.readings.saves

    def _look_for_duplicates(self) -> None:
        """Of every card that was made or edited, or got a car or a plate."""
        saved = {client.id: client.revision for client in self._new_clients.values()}
        new = {client_id for client_id, revision in saved.items() if revision == 1}
        if touched := saved.keys() | self._compared:
            self.duplicates.look_for(new, touched - new)

    async def _flush_facts(self) -> None:
        """A fact of this batch may have been ended within it: it is written with its end."""
        written: list[dict[str, Any]] = []
        ended: list[dict[str, Any]] = []
        latest: dict[tuple[UUID, str], dict[str, Any]] = {}
        for fact in self._new_facts:
            key = (fact.vehicle_id, fact.kind)
            if before := latest.pop(key, None):
                before["until"] = fact.since
            elif fact.ends:
                ended.append(
                    {"of_vehicle": fact.vehicle_id, "of_kind": fact.kind, "ended": fact.since}
                )
            if fact.value is not None:
                latest[key] = {
                    "vehicle_id": fact.vehicle_id,
                    "kind": fact.kind,
                    "value": fact.value,
                    "since": fact.since,
                    "until": None,
                }
                written.append(latest[key])
        if ended:
            await self.connection.execute(_END_FACTS, ended)
        self.pending.add(_NEW_FACTS, written)

    async def _load(
        self,
        client_ids: Collection[UUID] = (),
        vehicle_ids: Collection[UUID] = (),
        vins: Collection[str] = (),
    ) -> None:
        """Locks what is not here yet: cards, cars, and whoever has a VIN."""
        cards = set(client_ids) - self._clients.keys()
        cars, unknown = set(vehicle_ids) - self._vehicles.keys(), set(vins) - self._holders.keys()
        self._clients |= dict.fromkeys(cards)
        self._vehicles |= dict.fromkeys(cars)
        self._holders |= dict.fromkeys(unknown)
        clients, vehicles = await read_together(
            self.connection,
            (_LOCK_CLIENTS, {"ids": list(cards)}),
            (_LOCK_VEHICLES, {"ids": list(cars), "vins": list(unknown)}),
        )
        for row in clients:
            self._clients[row.id] = client_of(row)
        for row in vehicles:
            if row.id in self._new_vehicles:
                # It has another VIN by now, which the database does not know of yet.
                continue
            self._vehicles[row.id] = vehicle_of(row)
            if row.vin:
                self._holders[row.vin] = row.id


def _alike_by(vehicle: Vehicle) -> tuple[UUID, str | None]:
    return vehicle.client_id, vehicle.plate


def _found[ThingT](code: str, thing_id: UUID, thing: ThingT | None) -> ThingT:
    if thing is None:
        raise Refused(code, id=thing_id)
    return thing
