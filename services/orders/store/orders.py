"""Orders in and out of the database: loaded once per transaction, written back together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.domain.approval import Approval
from services.orders.domain.counts import changes
from services.orders.domain.order import Header, Order, PartLine, Performer, ServiceLine
from services.orders.domain.pricing import Price
from services.orders.domain.steps import steps_between
from services.orders.store.bookings import Bookings
from services.orders.store.calendars import Calendars
from services.orders.store.catalogue import Catalogue
from services.orders.store.copies import Copies
from services.orders.store.credit import Credit
from services.orders.store.links import Links
from services.orders.store.places import Places
from services.orders.store.queries import declined_counts, orders_naming
from services.orders.store.sums import change_row
from services.orders.store.tables import (
    comments,
    employees,
    order_changes,
    order_numbers,
    orders,
    part_lines,
    price_steps,
    service_lines,
)
from shared.contracts.base import Message
from shared.contracts.bay import StartClock
from shared.contracts.orders import CommentView, CreateOrder, MoveOrder
from shared.handlers import Store, Work
from shared.refusals import Refused
from shared.writing import inserting, merging, removing

_IDS = bindparam("ids", type_=ARRAY(Uuid))
_LOCK_ORDERS = (
    select(orders).where(orders.c.id == any_(_IDS)).order_by(orders.c.id).with_for_update()
)
_READ_ORDERS = select(orders).where(orders.c.id == any_(_IDS))
_SERVICES_OF = (
    select(service_lines)
    .where(service_lines.c.order_id == any_(_IDS))
    .order_by(service_lines.c.position)
)
_PARTS_OF = (
    select(part_lines).where(part_lines.c.order_id == any_(_IDS)).order_by(part_lines.c.position)
)
_CLOCK_OF = (
    select(service_lines.c.order_id, service_lines.c.id, service_lines.c.name, orders.c.number)
    .join(orders, orders.c.id == service_lines.c.order_id)
    .where(service_lines.c.clock_of == bindparam("id"))
)
_SAVE = {table: merging(table) for table in (orders, service_lines, part_lines)}
_GONE = {table: removing(table) for table in (service_lines, part_lines)}
_ADD_STEPS, _ADD_COMMENTS = inserting(price_steps), inserting(comments)
_ADD_CHANGES = inserting(order_changes)
_HEADER = tuple(field.name for field in fields(Header))
_FIELDS: dict[type, tuple[str, ...]] = {
    kind: tuple(field.name for field in fields(kind)) for kind in (Order, ServiceLine, PartLine)
}
_PRICE = tuple(field.name for field in fields(Price))
_APPROVAL = {field.name: f"approval_{field.name}" for field in fields(Approval)}


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
        self._declined: dict[UUID, int] = {}
        self._comments: list[dict[str, Any]] = []
        self._numbers: list[int] = []
        self._steps: list[dict[str, Any]] = []
        self._saves = 0

    async def prefetch(self, messages: Sequence[Message]) -> None:
        """One statement per table, however many messages there are."""
        booked = await self.bookings.orders_of(messages)
        order_ids = {getattr(message, "order_id", None) for message in messages} - {None} | booked
        order_ids |= {
            message.stops.order_id
            for message in messages
            if isinstance(message, StartClock) and message.stops
        }
        if order_ids:
            await self._load(order_ids, lock=True)  # type: ignore[arg-type]
        await self.bookings.prefetch(messages, booked)
        if created := [message for message in messages if isinstance(message, CreateOrder)]:
            await self._draw_numbers(len(created))
            await self.credit.look_for_discounts({message.client_id for message in created})
        await self.copies.prefetch(messages)
        await self.places.prefetch(messages)
        await self._load_who_earns(messages)
        await self._count_declined(messages)

    async def order(self, order_id: UUID) -> Order:
        """Locked until the end of the transaction. Raises ``Refused("order_not_found")``."""
        if order_id not in self._loaded:
            await self._load({order_id}, lock=True)
        if order_id not in self._orders:
            raise Refused("order_not_found", id=order_id)
        return self._orders[order_id]

    async def orders(self, order_ids: Collection[UUID]) -> list[Order]:
        """Those of the orders that there are, in this order; locked, as ``order``."""
        if missing := set(order_ids) - self._loaded.keys():
            await self._load(missing, lock=True)
        return [self._orders[order_id] for order_id in order_ids if order_id in self._orders]

    async def orders_naming(self, client_id: UUID) -> list[Order]:
        """Every order that has this client, payer or driver, those of this transaction too;
        locked."""
        saved = await self.orders(await orders_naming(self.connection, client_id))
        new = [order for order in self._orders.values() if self._loaded.get(order.id) is None]
        return [order for order in (*saved, *new) if client_id in order.parties]

    async def done_and_not_settled(self, client_id: UUID) -> dict[UUID, Decimal]:
        """Totals of the client's orders that are on no balance yet, this transaction's too."""
        totals = await self.credit.under_way(client_id)
        for order in self._orders.values():
            totals.pop(order.id, None)
            if order.client_id == client_id and order.status == "done" and not order.settled:
                totals[order.id] = order.total
        return totals

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
        await self._load({order_id}, lock=False)
        if order_id not in self._orders:
            raise Refused("order_not_found", id=order_id)
        return self._orders[order_id]

    async def all_shown(self, order_ids: Sequence[UUID]) -> list[Order]:
        """Those of the orders that there are, in this order; takes no lock."""
        if order_ids:
            await self._load(order_ids, lock=False)
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
        if vehicle_id not in self._declined:
            counts = await declined_counts(self.connection, {vehicle_id})
            self._declined[vehicle_id] = counts.get(vehicle_id, 0)
        own = sum(line.approval.offered_again for line in order.services)
        return self._declined[vehicle_id] - own

    def save(self, order: Order, work: Work) -> None:
        """Kept for ``flush``, with every step that its prices have taken, and who took it."""
        self._saves += 1
        self._loaded.setdefault(order.id, None)
        self._steps += [
            {
                **asdict(step),
                "order_id": order.id,
                "by": work.actor.login,
                "cause": work.envelope.type,
                "at": work.now,
            }
            for step in steps_between(self._orders.get(order.id), order)
        ]
        self._orders[order.id] = order

    async def next_number(self, prefix: str) -> str:
        if not self._numbers:
            await self._draw_numbers(1)
        return f"{prefix}-{self._numbers.pop(0):06d}"

    def add_comment(self, order_id: UUID, comment: CommentView) -> None:
        self._comments.append({**comment.model_dump(), "order_id": order_id})

    async def flush(self) -> None:
        await self.copies.flush()
        changed = [
            (self._loaded[order.id], order)
            for order in self._orders.values()
            if order != self._loaded[order.id]
        ]
        counts = [change for old, new in changed for change in changes(old, new)]
        self.pending.add(_SAVE[orders], [_order_row(order) for _, order in changed])
        self.pending.add(_ADD_CHANGES, map(change_row, counts))
        for table, lines_of in ((service_lines, _services_of), (part_lines, _parts_of)):
            self.pending.add(_SAVE[table], _changed_lines(changed, lines_of))
            self.pending.add(_GONE[table], _gone_lines(changed, lines_of))
        self.pending.add(_ADD_STEPS, self._steps)
        self.pending.add(_ADD_COMMENTS, self._comments)
        await self.links.flush()

    def unsaved(self) -> int:
        kept = self._saves + len(self._comments)
        return kept + self.copies.saves + self.links.saves

    async def _load(self, order_ids: Iterable[UUID], *, lock: bool) -> None:
        ids = {"ids": sorted(order_ids)}
        rows = (await self.connection.execute(_LOCK_ORDERS if lock else _READ_ORDERS, ids)).all()
        services: dict[UUID, list[ServiceLine]] = {}
        parts: dict[UUID, list[PartLine]] = {}
        if rows:
            for line in (await self.connection.execute(_SERVICES_OF, ids)).mappings():
                services.setdefault(line["order_id"], []).append(_line_of(ServiceLine, dict(line)))
            for line in (await self.connection.execute(_PARTS_OF, ids)).mappings():
                parts.setdefault(line["order_id"], []).append(_line_of(PartLine, dict(line)))
        found = {
            row.id: _order_of(row._asdict(), services.get(row.id, ()), parts.get(row.id, ()))
            for row in rows
        }
        self._loaded.update({order_id: found.get(order_id) for order_id in ids["ids"]})
        self._orders.update(found)

    async def _count_declined(self, messages: Sequence[Message]) -> None:
        """Of the cars that new orders are opened for."""
        cars = {
            message.vehicle_id
            for message in messages
            if isinstance(message, CreateOrder) and message.vehicle_id
        }
        if cars:
            counts = await declined_counts(self.connection, cars)
            self._declined.update({car: counts.get(car, 0) for car in cars})

    async def _load_who_earns(self, messages: Sequence[Message]) -> None:
        """Whoever may earn by the orders that are done."""
        done = [
            self._orders[message.order_id]
            for message in messages
            if isinstance(message, MoveOrder)
            and message.to == "done"
            and message.order_id in self._orders
        ]
        await self.places.many(employees, {each for order in done for each in order.earner_ids})
        await self.credit.look_at({order.client_id for order in done})

    async def _draw_numbers(self, count: int) -> None:
        drawn = await self.connection.execute(
            select(order_numbers.next_value()).select_from(func.generate_series(1, count))
        )
        self._numbers += list(drawn.scalars())


# --- rows and values ---------------------------------------------------------------------------


def _services_of(order: Order) -> tuple[ServiceLine, ...]:
    return order.services


def _parts_of(order: Order) -> tuple[PartLine, ...]:
    return order.parts


def _changed_lines(
    changed: list[tuple[Order | None, Order]], lines_of: Any
) -> list[dict[str, Any]]:
    return [
        _line_row(line, new.id)
        for old, new in changed
        for line in set(lines_of(new)) - set(lines_of(old) if old else ())
    ]


def _gone_lines(changed: list[tuple[Order | None, Order]], lines_of: Any) -> list[tuple[UUID]]:
    return [
        (line_id,)
        for old, new in changed
        if old
        for line_id in {line.id for line in lines_of(old)} - {line.id for line in lines_of(new)}
    ]


def _order_of(
    row: dict[str, Any], services: Sequence[ServiceLine], parts: Sequence[PartLine]
) -> Order:
    plain = {name: row[name] for name in _FIELDS[Order] if name in row}
    header = Header(**{name: row[name] for name in _HEADER})
    return Order(**plain, header=header, services=tuple(services), parts=tuple(parts))


def _order_row(order: Order) -> dict[str, Any]:
    plain = {
        field.name: getattr(order, field.name)
        for field in fields(Order)
        if field.name not in ("header", "services", "parts")
    }
    return {
        **plain,
        **asdict(order.header),
        "total": order.total,
        "waits_for_parts": "waiting_for_parts" in (flags := order.flags),
        "waits_for_approval": "waiting_for_approval" in flags,
    }


def _line_of[LineT: (ServiceLine, PartLine)](line_type: type[LineT], row: dict[str, Any]) -> LineT:
    inner: dict[str, Any] = {"price": Price(**{name: row[name] for name in _PRICE})}
    if line_type is ServiceLine:
        said = {name: row[column] for name, column in _APPROVAL.items()}
        inner["approval"] = Approval(**said)
        inner["performers"] = tuple(
            Performer(UUID(one["employee_id"]), Decimal(one["share"])) for one in row["performers"]
        )
    plain = {name: row[name] for name in _FIELDS[line_type] if name not in inner}
    return line_type(**plain, **inner)


def _line_row(line: ServiceLine | PartLine, order_id: UUID) -> dict[str, Any]:
    row = {
        field.name: getattr(line, field.name)
        for field in fields(line)
        if field.name not in ("price", "approval")
    }
    if isinstance(line, ServiceLine):
        row |= {column: getattr(line.approval, name) for name, column in _APPROVAL.items()}
        row["performers"] = [asdict(performer) for performer in line.performers]
    total: Decimal = line.total
    return {**row, **asdict(line.price), "order_id": order_id, "total": total}
