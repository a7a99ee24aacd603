"""Orders in and out of the database: loaded once per transaction, written back together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.domain.counts import changes
from services.orders.domain.order import Order
from services.orders.domain.steps import steps_between
from services.orders.store.bookings import Bookings
from services.orders.store.calendars import Calendars
from services.orders.store.catalogue import Catalogue
from services.orders.store.copies import Copies
from services.orders.store.credit import Credit
from services.orders.store.links import Links
from services.orders.store.loading import Seen, Wanted, load, look_at
from services.orders.store.order_rows import (
    SAVE_ORDERS,
    SAVE_PARTS,
    SAVE_SERVICES,
    order_row,
    part_row,
    service_row,
)
from services.orders.store.places import Places
from services.orders.store.queries import orders_naming
from services.orders.store.sums import change_row
from services.orders.store.tables import (
    comments,
    order_changes,
    orders,
    part_lines,
    price_steps,
    service_lines,
)
from shared.contracts.base import Message
from shared.contracts.bay import StartClock
from shared.contracts.orders import AddService, CommentView, CreateOrder, MoveOrder, RequestParts
from shared.handlers import Store, Work
from shared.refusals import Refused
from shared.writing import inserting, removing

_CLOCK_OF = (
    select(service_lines.c.order_id, service_lines.c.id, service_lines.c.name, orders.c.number)
    .join(orders, orders.c.id == service_lines.c.order_id)
    .where(service_lines.c.clock_of == bindparam("id"))
)
_GONE_SERVICES, _GONE_PARTS = removing(service_lines), removing(part_lines)
_ADD_STEPS, _ADD_COMMENTS = inserting(price_steps), inserting(comments)
_ADD_CHANGES = inserting(order_changes)
_STEP = attrgetter("line_id", "step", "old", "new")


class Clocked(NamedTuple):
    """A work that somebody's clock runs on, and its order's number."""

    line_id: UUID
    number: str
    name: str


class OrdersStore(Store):
    """What one transaction of the orders service reads and writes."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self.copies = Copies(connection)
        self.places = Places(connection)
        self.bookings = Bookings(connection)
        self.calendars = Calendars(connection)
        self.catalogue = Catalogue(connection, self.places)
        self.links = Links(connection)
        self.credit = Credit(connection)
        self._loaded: dict[UUID, Order | None] = {}
        self._orders: dict[UUID, Order] = {}
        self._offered: dict[UUID, int] = {}
        self._comments: list[dict[str, Any]] = []
        self._numbers: list[int] = []
        self._steps: list[Sequence[Any]] = []
        self._saves = 0

    async def prefetch(self, messages: Sequence[Message]) -> None:
        """One statement, however many messages there are; bookings are read when the orders are
        locked, and those that messages name before."""
        booked = await self.bookings.orders_of(messages)
        wanted = _wanted_by(messages)
        wanted.orders |= booked
        if wanted != Wanted():
            await self._load(wanted)
        await self.bookings.prefetch(messages, booked)

    async def order(self, order_id: UUID) -> Order:
        """Locked until the end of the transaction. Raises ``Refused("order_not_found")``."""
        if order_id not in self._loaded:
            await self._load(Wanted(orders={order_id}))
        if order_id not in self._orders:
            raise Refused("order_not_found", id=order_id)
        return self._orders[order_id]

    async def orders(self, order_ids: Collection[UUID]) -> list[Order]:
        """Those of the orders that there are, in this order; locked, as ``order``."""
        if missing := set(order_ids) - self._loaded.keys():
            await self._load(Wanted(orders=missing))
        return [self._orders[order_id] for order_id in order_ids if order_id in self._orders]

    async def orders_naming(self, client_id: UUID) -> list[Order]:
        """Every order that has this client, payer or driver, by what this transaction made of it,
        too; locked."""
        await self.orders(await orders_naming(self.connection, client_id))
        return [order for order in self._orders.values() if client_id in order.parties]

    async def done_orders_of(self, client_id: UUID) -> tuple[dict[UUID, Decimal], Hashable]:
        """Totals of the client's orders that are on no balance yet, and a word for those that are:
        another one as soon as it is true of others. With this transaction's."""
        totals, settled = await self.credit.done_orders(client_id)
        settled_here = set()
        for order in self._orders.values():
            totals.pop(order.id, None)
            if order.client_id == client_id and order.status == "done":
                if order.settled:
                    settled_here.add((order.id, order.completion))
                else:
                    totals[order.id] = order.total
        return totals, (settled, frozenset(settled_here))

    async def clock_of(self, employee_id: UUID) -> Clocked | None:
        """The work that the employee's clock runs on; of what this transaction has loaded, as it
        stands here."""
        for order in self._orders.values():
            for line in order.services:
                if line.clock_of == employee_id:
                    return Clocked(line.id, order.number, line.name)
        for row in await self.connection.execute(_CLOCK_OF, {"id": employee_id}):
            if row.order_id not in self._loaded:
                return Clocked(row.id, row.number, row.name)
        return None

    async def shown(self, order_id: UUID) -> Order:
        """For looking only: takes no lock."""
        seen = await look_at(self.connection, [order_id], and_offered=True)
        self._note_seen(seen)
        if order_id not in self._orders:
            raise Refused("order_not_found", id=order_id)
        order = self._orders[order_id]
        self._note_offered(seen.offered, [order.header.vehicle_id])
        return order

    async def all_shown(self, order_ids: Sequence[UUID]) -> list[Order]:
        """Those of the orders that there are, in this order; takes no lock."""
        if order_ids:
            self._note_seen(await look_at(self.connection, order_ids))
        return [self._orders[order_id] for order_id in order_ids if order_id in self._orders]

    async def number_of(self, order_id: UUID) -> str:
        """Also of an order that this transaction has made and not written yet."""
        if order_id in self._orders:
            return self._orders[order_id].number
        found = await self.connection.execute(
            select(orders.c.number).where(orders.c.id == order_id)
        )
        number: str = found.scalar_one()
        return number

    async def declined_works(self, order: Order) -> int:
        """How many works of the order's car were declined on other orders and are still offered.
        Nought without a car."""
        vehicle_id = order.header.vehicle_id
        if vehicle_id is None:
            return 0
        if vehicle_id not in self._offered:
            await self._load(Wanted(offered_on={vehicle_id}))
        own = sum(line.approval.offered_again for line in order.services)
        return self._offered[vehicle_id] - own

    def save(self, order: Order, work: Work) -> None:
        """Kept for ``flush``, with every step that its prices have taken, and who took it."""
        self._saves += 1
        self._loaded.setdefault(order.id, None)
        self._steps += [
            (order.id, *_STEP(step), work.actor.login, work.envelope.type, work.now)
            for step in steps_between(self._orders.get(order.id), order)
        ]
        self._orders[order.id] = order

    async def next_number(self, prefix: str) -> str:
        if not self._numbers:
            await self._load(Wanted(numbers=1))
        return f"{prefix}-{self._numbers.pop(0):06d}"

    def add_comment(self, order_id: UUID, comment: CommentView) -> None:
        self._comments.append({**comment.model_dump(), "order_id": order_id})

    async def flush(self) -> None:
        """What was flushed before is not written again."""
        self.copies.flush(self.pending)
        changed = [
            (self._loaded[order.id], order)
            for order in self._orders.values()
            if order != self._loaded[order.id]
        ]
        counts = [change for old, new in changed for change in changes(old, new)]
        self.pending.add(SAVE_ORDERS, [order_row(order) for _, order in changed])
        self.pending.add(_ADD_CHANGES, map(change_row, counts))
        self.pending.add(SAVE_SERVICES, _changed_lines(changed, _services_of, service_row))
        self.pending.add(_GONE_SERVICES, _gone_lines(changed, _services_of))
        self.pending.add(SAVE_PARTS, _changed_lines(changed, _parts_of, part_row))
        self.pending.add(_GONE_PARTS, _gone_lines(changed, _parts_of))
        self.pending.add(_ADD_STEPS, self._steps)
        self.pending.add(_ADD_COMMENTS, self._comments)
        self._loaded.update({order.id: order for _, order in changed})
        self._steps, self._comments = [], []
        await self.links.flush()

    def unsaved(self) -> int:
        kept = self._saves + len(self._comments)
        return kept + self.copies.saves + self.links.saves

    async def _load(self, wanted: Wanted) -> None:
        found = await load(self.connection, wanted)
        self._loaded.update({order_id: found.orders.get(order_id) for order_id in wanted.orders})
        self._orders.update(found.orders)
        self._numbers += found.numbers
        self._note_offered(found.offered, wanted.offered_on)
        self.copies.found(found)
        self.places.note(found.places, found.works)
        self.credit.found(found.contracts)

    def _note_seen(self, seen: Seen) -> None:
        self._loaded.update(seen.orders)
        self._orders.update(seen.orders)
        self.places.note(seen.places)

    def _note_offered(self, offered: Mapping[UUID, int], cars: Iterable[UUID | None]) -> None:
        self._offered.update({car: offered.get(car, 0) for car in cars if car})


def _wanted_by(messages: Iterable[Message]) -> Wanted:
    wanted = Wanted({named for each in messages if (named := getattr(each, "order_id", None))})
    for message in messages:
        match message:
            case CreateOrder():
                wanted.numbers += 1
                wanted.clients.add(message.client_id)
                wanted.contracts_of.add(message.client_id)
                if message.vehicle_id:
                    wanted.vehicles.add(message.vehicle_id)
                    wanted.offered_on.add(message.vehicle_id)
            case RequestParts():
                wanted.products.update(line.product_id for line in message.lines)
            case AddService(service_id=UUID() as service_id):
                wanted.works.add(service_id)
            case MoveOrder(to="done"):
                wanted.contracts_with.add(message.order_id)
            case StartClock() if message.stops:
                wanted.orders.add(message.stops.order_id)
    return wanted


# --- what has changed ----------------------------------------------------------------------------

type _Lines = Callable[[Order], Sequence[Any]]
type _Changed = Sequence[tuple[Order | None, Order]]


def _services_of(order: Order) -> Sequence[Any]:
    return order.services


def _parts_of(order: Order) -> Sequence[Any]:
    return order.parts


def _changed_lines(
    changed: _Changed, lines_of: _Lines, row: Callable[[Any, UUID], Any]
) -> list[Sequence[Any]]:
    """A line that was left as it was is the same object, or equal to it."""
    rows: list[Sequence[Any]] = []
    for old, new in changed:
        known = {line.id: line for line in lines_of(old)} if old else {}
        rows += [row(line, new.id) for line in lines_of(new) if known.get(line.id) != line]
    return rows


def _gone_lines(changed: _Changed, lines_of: _Lines) -> list[tuple[UUID]]:
    return [
        (line_id,)
        for old, new in changed
        if old
        for line_id in {line.id for line in lines_of(old)} - {line.id for line in lines_of(new)}
    ]
