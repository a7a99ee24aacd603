"""An order holds a post, and perhaps a technician, for a time; and lets go of them again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.orders import domain
from services.orders.domain.order import Order, ServiceLine, changes_between
from services.orders.domain.planning.bookings import (
    HORIZON,
    Booking,
    Row,
    after_its_order,
    end_of,
    ensure_length,
    ensure_open,
    ensure_planned,
    lines_of,
    planned,
    worked,
)
from services.orders.domain.planning.hours import told
from services.orders.domain.planning.spans import common, length
from services.orders.handlers.people import ensure_works_here
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.tables import employees, posts
from shared.contracts.base import Done, Event, Page
from shared.contracts.load import (
    BookingMade,
    BookingMoved,
    BookingRemoved,
    BookingView,
    BookPost,
    FreedBecause,
    ListBookings,
    MoveBooking,
    RemoveBooking,
)
from shared.contracts.orders import BookingRequest
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused, ensure_revision


@handlers.command(BookPost)
async def book_post(command: BookPost, store: OrdersStore, work: Work) -> BookingView:
    order = await store.order(command.order_id)
    ensure_revision(command.expected_revision, order.revision)
    domain.ensure_editable(order)
    booking = await booked(order.id, order.billed_services, command, store, work)
    work.publish(made(order, booking))
    return booking_view(booking)


@handlers.command(MoveBooking)
async def move_booking(command: MoveBooking, store: OrdersStore, work: Work) -> BookingView:
    order, booking = await locked(command.booking_id, store)
    ensure_planned(booking, command.expected_revision)
    domain.ensure_editable(order)
    fields = _moved(booking, command)
    if "end" not in fields:
        fields["end"] = await _end_elsewhere(booking, fields, store, work)
    changes = {name: value for name, value in fields.items() if value != getattr(booking, name)}
    if not changes:
        return booking_view(booking)
    changed = booking.changed(**changes)
    ensure_length(changed.span)
    await ensure_works_here(changed.technician_id, store)
    ensure_open(changed.span, await rows_of(changed, store, work), changed.overtime)
    if other := await store.bookings.change(changed):
        raise await taken(other, changed, store, work)
    work.publish(moved(order, booking, changed))
    return booking_view(changed)


@handlers.command(RemoveBooking)
async def remove_booking(command: RemoveBooking, store: OrdersStore, work: Work) -> Done:
    order, booking = await locked(command.booking_id, store)
    ensure_planned(booking, command.expected_revision)
    await store.bookings.remove([booking])
    work.publish(_removed(order, booking, "by_hand"))
    return Done()


@handlers.question(ListBookings)
async def bookings_of(question: ListBookings, store: OrdersStore, work: Work) -> Page[BookingView]:
    await store.shown(question.order_id)
    found = await store.bookings.page(question)
    return page_of(found, question.limit, booking_view, lambda booking: (booking.id,))


# --- for other commands ------------------------------------------------------------------------


async def booked(
    order_id: UUID,
    services: Sequence[ServiceLine],
    request: BookPost | BookingRequest,
    store: OrdersStore,
    work: Work,
) -> Booking:
    """Writes a booking, or refuses it as ``BookPost`` says. ``services``: of the order."""
    line_id = request.line_id if isinstance(request, BookPost) else None
    start = request.start.astimezone(UTC)
    end = request.end and request.end.astimezone(UTC)
    lines_of(services, line_id)
    booking = Booking(
        id=work.new_id(),
        order_id=order_id,
        line_id=line_id,
        post_id=request.post_id,
        technician_id=request.technician_id,
        start=start,
        end=end or start + HORIZON,
        overtime=request.overtime,
        made_by=work.actor.login,
        made_at=work.now,
    )
    ensure_length(booking.span)
    await ensure_works_here(booking.technician_id, store)
    rows = await rows_of(booking, store, work)
    if end is None:
        effort = planned(services, line_id)
        booking = booking.ending(end_of(effort, start, rows, booking.overtime))
        ensure_length(booking.span)
    ensure_open(booking.span, rows, booking.overtime)
    if other := await store.bookings.add(booking):
        raise await taken(other, booking, store, work)
    return booking


async def freed(order: Order, store: OrdersStore, work: Work) -> list[Event]:
    """The order is done or cancelled: what is still ahead of its bookings is free again."""
    reason: FreedBecause = "order_done" if order.status == "done" else "order_cancelled"
    return await _freed(order, await store.bookings.of_order(order.id), reason, store, work)


async def freed_of_lines(
    order: Order,
    line_ids: Collection[UUID],
    reason: FreedBecause,
    store: OrdersStore,
    work: Work,
) -> list[Event]:
    """Nobody works on these lines any more: what is still ahead of their own bookings is free
    again."""
    if not line_ids:
        return []
    bookings = await store.bookings.of_order(order.id)
    of_lines = [booking for booking in bookings if booking.line_id in line_ids]
    return await _freed(order, of_lines, reason, store, work)


async def locked(booking_id: UUID, store: OrdersStore) -> tuple[Order, Booking]:
    """A booking with its order, which nobody else changes now."""
    order = await store.order(await store.bookings.order_of(booking_id))
    return order, await store.bookings.get(order.id, booking_id)


async def rows_of(booking: Booking, store: OrdersStore, work: Work) -> list[Row]:
    """When its post and its technician work, around the booking."""
    post = await store.places.get(posts, booking.post_id)
    technician: Any = None
    if booking.technician_id:
        technician = await store.places.get(employees, booking.technician_id)
    people = [technician] if technician else []
    times = await store.calendars.times(booking.span, work.settings, [each.id for each in people])
    rows = times.posts([post], booking.span) | times.employees(people, booking.span)
    return list(rows.values())


async def taken(other: Booking, booking: Booking, store: OrdersStore, work: Work) -> Refused:
    """Who is in the way of a booking, on what, and when."""
    zone = work.settings.zone
    params = {
        "order": await store.number_of(other.order_id),
        "post": (await store.places.get(posts, other.post_id)).name,
        "start": told(other.start, zone),
        "end": told(other.end, zone),
    }
    if other.post_id == booking.post_id and other.order_id != booking.order_id:
        return Refused("post_taken", **params)
    who = await store.places.get(employees, other.technician_id)  # type: ignore[arg-type]
    return Refused("technician_taken", technician=f"{who.last_name} {who.first_name}", **params)


# --- facts and views ---------------------------------------------------------------------------


def booking_view(booking: Booking) -> BookingView:
    return BookingView(**{name: getattr(booking, name) for name in BookingView.model_fields})


def made(order: Order, booking: Booking) -> BookingMade:
    return BookingMade(**_facts(order, booking), carried_from=booking.carried_from)


def moved(order: Order, old: Booking, new: Booking) -> BookingMoved:
    changes = changes_between(old, new, leave_out=("revision",))
    return BookingMoved(**_facts(order, new), changes=changes)


def _removed(
    order: Order,
    booking: Booking,
    reason: FreedBecause,
) -> BookingRemoved:
    return BookingRemoved(**_facts(order, booking), reason=reason)


def _facts(order: Order, booking: Booking) -> dict[str, Any]:
    names = ("line_id", "post_id", "technician_id", "start", "end")
    facts = {name: getattr(booking, name) for name in names}
    return {**domain.naming(order), **facts, "booking_id": booking.id}


async def _freed(
    order: Order,
    bookings: Sequence[Booking],
    reason: FreedBecause,
    store: OrdersStore,
    work: Work,
) -> list[Event]:
    ended: list[Booking] = []
    gone: list[Booking] = []
    events: list[Event] = []
    for booking in bookings:
        if booking.state != "planned":
            continue
        if (left := after_its_order(booking, work.now)) is None:
            gone.append(booking)
            events.append(_removed(order, booking, reason))
            continue
        ended.append(left)
        if left.end != booking.end:
            events.append(moved(order, booking, left))
    await store.bookings.end(ended, gone)
    return events


# --- moving ------------------------------------------------------------------------------------


def _moved(booking: Booking, command: MoveBooking) -> dict[str, Any]:
    """The booking's fields as the command wants them; without ``end`` where it follows."""
    named = command.model_fields_set
    for name in ("post_id", "start", "overtime"):
        if name in named and getattr(command, name) is None:
            raise Refused("field_required", field=name)
    fields: dict[str, Any] = {
        name: getattr(command, name) if name in named else getattr(booking, name)
        for name in ("post_id", "technician_id", "start", "overtime")
    }
    fields["start"] = fields["start"].astimezone(UTC)
    if command.end is not None:
        fields["end"] = command.end.astimezone(UTC)
    elif not named & {"start", "end"}:
        fields["end"] = booking.end
    return fields


async def _end_elsewhere(
    booking: Booking, fields: dict[str, Any], store: OrdersStore, work: Work
) -> datetime:
    """When as much work is done as the booking had, at its new time and place."""
    before = await rows_of(booking, store, work)
    usual = list(before[0].usual)
    for row in before[1:]:
        usual = common(usual, row.usual)
    effort = length(worked(booking, usual)) or booking.span.length
    start: datetime = fields["start"]
    there = booking.changed(**fields, end=start + HORIZON)
    return end_of(effort, start, await rows_of(there, store, work), there.overtime)
