"""Bookings in and out of the database.

Whoever writes a booking holds its order's lock, so what is read of a locked order stays true
until the end of the transaction. That no post and no technician is held twice, the database
says: a booking that somebody is in the way of is not written, and the other one is returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Uuid,
    and_,
    any_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_if_free
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.domain.planning.bookings import Booking
from services.orders.domain.planning.spans import Span
from services.orders.store.tables import bookings
from services.orders.store.tables.load import span_of, span_range
from shared.contracts.approvals import AnswerWork, AnswerWorks
from shared.contracts.base import Message
from shared.contracts.load import CarryOver, ListBookings
from shared.contracts.orders import MoveOrder, RemoveLine
from shared.pagination import by_id
from shared.refusals import Refused

_COLUMNS = tuple(column.name for column in bookings.c)
_IDS = bindparam("ids", type_=ARRAY(Uuid))
_ORDERS_OF = select(bookings.c.order_id).where(bookings.c.id == any_(_IDS)).distinct()
_OF_ORDERS = select(bookings).where(bookings.c.order_id == any_(_IDS)).order_by(bookings.c.id)
_EXCLUSION = "23P01"
TRIES = 5
"""Of writing a booking while whoever is in the way keeps going away."""


class Bookings:
    """Of locked orders, by order; written at once, so that each batch sees its own."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._known: dict[UUID, dict[UUID, Booking]] = {}

    async def orders_of(self, messages: Sequence[Message]) -> set[UUID]:
        """The orders of the bookings that the messages name."""
        ids: set[UUID] = set()
        for message in messages:
            if isinstance(message, CarryOver):
                ids.update(message.booking_ids)
            elif booking_id := getattr(message, "booking_id", None):
                ids.add(booking_id)
        return await self._orders_of(ids)

    async def prefetch(self, messages: Sequence[Message], named: set[UUID]) -> None:
        """Of the orders that end or lose a work, and of those whose bookings are ``named``."""
        ends = set().union(*map(_may_free, messages))
        if wanted := ends | named:
            await self._load(wanted)

    async def order_of(self, booking_id: UUID) -> UUID:
        """Raises ``Refused("booking_not_found")``."""
        for order_id, known in self._known.items():
            if booking_id in known:
                return order_id
        for order_id in await self._orders_of({booking_id}):
            return order_id
        raise Refused("booking_not_found", id=booking_id)

    async def of_order(self, order_id: UUID) -> list[Booking]:
        """All of them, those that are over too. The order is locked."""
        if order_id not in self._known:
            await self._load({order_id})
        return list(self._known[order_id].values())

    async def get(self, order_id: UUID, booking_id: UUID) -> Booking:
        """Of a locked order. Raises ``Refused("booking_not_found")``."""
        if order_id not in self._known:
            await self._load({order_id})
        if booking_id not in self._known[order_id]:
            raise Refused("booking_not_found", id=booking_id)
        return self._known[order_id][booking_id]

    async def add(self, booking: Booking) -> Booking | None:
        """Null: written. Else who is in the way, and nothing has changed."""
        statement = (
            insert_if_free(bookings)
            .values(**_row(booking))
            .on_conflict_do_nothing()
            .returning(bookings.c.id)
        )
        for _ in range(TRIES):
            if (await self._connection.execute(statement)).one_or_none():
                self._note(booking)
                return None
            if other := await self._in_the_way_of(booking):
                return other
        raise Refused("busy", service="orders")

    async def change(self, booking: Booking) -> Booking | None:
        """As ``add``."""
        for _ in range(TRIES):
            try:
                async with self._connection.begin_nested():
                    await self._update(booking)
            except IntegrityError as error:
                if getattr(error.orig, "sqlstate", "") != _EXCLUSION:
                    raise
                if other := await self._in_the_way_of(booking):
                    return other
            else:
                self._note(booking)
                return None
        raise Refused("busy", service="orders")

    async def carry(self, old: Booking, new: Booking) -> Booking | None:
        """Ends one and adds its rest; both or, as ``add``, neither."""
        try:
            async with self._connection.begin_nested():
                await self._update(old)
                if other := await self.add(new):
                    raise _InTheWay(other)
        except _InTheWay as one:
            return one.booking
        self._note(old)
        return None

    async def end(self, ended: Sequence[Booking], gone: Sequence[Booking]) -> None:
        """What becomes of them with their order: shortening is in nobody's way."""
        for booking in ended:
            await self._update(booking)
            self._note(booking)
        await self.remove(gone)

    async def remove(self, gone: Sequence[Booking]) -> None:
        if gone:
            ids = [booking.id for booking in gone]
            await self._connection.execute(
                delete(bookings).where(bookings.c.id == any_(_IDS)), {"ids": ids}
            )
            for booking in gone:
                self._known.get(booking.order_id, {}).pop(booking.id, None)

    async def held(
        self, window: Span, *, posts: Iterable[UUID] = (), technicians: Iterable[UUID] = ()
    ) -> list[Booking]:
        """All in that time on one of the posts or by one of the technicians."""
        rows = await self._connection.execute(
            select(bookings).where(
                bookings.c.during.op("&&")(span_range(window)),
                or_(
                    bookings.c.post_id.in_(list(posts)),
                    bookings.c.technician_id.in_(list(technicians)),
                ),
            )
        )
        return [_booking(row._mapping) for row in rows]

    async def shown(self, window: Span) -> list[Booking]:
        """All in that time, as they begin."""
        rows = await self._connection.execute(
            select(bookings)
            .where(bookings.c.during.op("&&")(span_range(window)))
            .order_by(func.lower(bookings.c.during), bookings.c.id)
        )
        return [_booking(row._mapping) for row in rows]

    async def over(self, since: datetime, now: datetime, limit: int) -> list[Booking]:
        """Planned ones whose time has run out since then, the latest first."""
        end = func.upper(bookings.c.during)
        rows = await self._connection.execute(
            select(bookings)
            .where(bookings.c.state == "planned", end <= now, end > since)
            .order_by(end.desc(), bookings.c.id)
            .limit(limit)
        )
        return [_booking(row._mapping) for row in rows]

    async def of_orders(self, order_ids: set[UUID]) -> Mapping[UUID, list[Booking]]:
        """For looking only: nobody need hold their locks."""
        if order_ids:
            await self._load(order_ids)
        return {order_id: list(self._known[order_id].values()) for order_id in order_ids}

    async def page(self, asked: ListBookings) -> list[Booking]:
        """One more than a page."""
        of_order = select(bookings).where(bookings.c.order_id == asked.order_id)
        statement = by_id(of_order, bookings.c.id, asked.cursor, asked.limit)
        rows = await self._connection.execute(statement)
        return [_booking(row._mapping) for row in rows]

    async def _in_the_way_of(self, booking: Booking) -> Booking | None:
        holds = and_(bookings.c.post_id == booking.post_id, bookings.c.order_id != booking.order_id)
        if booking.technician_id:
            holds = or_(holds, bookings.c.technician_id == booking.technician_id)
        rows = await self._connection.execute(
            select(bookings)
            .where(
                bookings.c.id != booking.id,
                bookings.c.during.op("&&")(span_range(booking.span)),
                holds,
            )
            .order_by(func.lower(bookings.c.during))
            .limit(1)
        )
        row = rows.one_or_none()
        return _booking(row._mapping) if row else None

    async def _orders_of(self, booking_ids: set[UUID]) -> set[UUID]:
        if not booking_ids:
            return set()
        rows = await self._connection.execute(_ORDERS_OF, {"ids": sorted(booking_ids)})
        return set(rows.scalars())

    async def _load(self, order_ids: set[UUID]) -> None:
        for order_id in order_ids:
            self._known[order_id] = {}
        rows = await self._connection.execute(_OF_ORDERS, {"ids": sorted(order_ids)})
        for row in rows.mappings():
            self._note(_booking(row))

    async def _update(self, booking: Booking) -> None:
        await self._connection.execute(
            update(bookings).where(bookings.c.id == booking.id).values(**_row(booking))
        )

    def _note(self, booking: Booking) -> None:
        # Of an order that was not loaded, this one alone would look like all.
        if booking.order_id in self._known:
            self._known[booking.order_id][booking.id] = booking


def _may_free(message: Message) -> set[UUID]:
    """The order whose bookings the message may free, if it may."""
    match message:
        case RemoveLine() | AnswerWork(to="declined") | MoveOrder(to="done" | "cancelled"):
            return {message.order_id}
        case AnswerWorks() if any(answer.to == "declined" for answer in message.answers):
            return {message.order_id}
    return set()


class _InTheWay(Exception):
    def __init__(self, booking: Booking) -> None:
        super().__init__()
        self.booking = booking


def _row(booking: Booking) -> dict[str, Any]:
    row = {name: getattr(booking, name) for name in _COLUMNS if name != "during"}
    return {**row, "during": span_range(booking.span)}


def _booking(row: Any) -> Booking:
    fields = {name: row[name] for name in _COLUMNS if name != "during"}
    span = span_of(row["during"])
    return Booking(start=span.start, end=span.end, **fields)
