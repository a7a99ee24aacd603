"""Work that was not finished in its time is booked anew: what is left of it, on another day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from services.orders import domain
from services.orders.domain.order import Order
from services.orders.domain.planning.bookings import (
    HORIZON,
    Booking,
    carried,
    ensure_planned,
    first_free,
    open_together,
    remaining,
)
from services.orders.domain.planning.hours import BEGIN, DAY, instant
from services.orders.domain.planning.spans import Span
from services.orders.handlers.bookings import (
    booking_view,
    locked,
    made,
    moved,
    taken,
)
from services.orders.handlers.people import ensure_works_here
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.tables import employees, posts
from shared.contracts.base import Event
from shared.contracts.load import CarriedOver, CarryOver, CarryOverView
from shared.handlers import Work
from shared.refusals import Refused

TRIES = 3
"""Of finding a free time while others take what was found."""


@handlers.command(CarryOver)
async def carry_over(command: CarryOver, store: OrdersStore, work: Work) -> CarryOverView:
    today = work.today
    to = command.to or today + DAY
    if to < today:
        raise Refused("carry_over_past", day=to)
    results: list[CarriedOver] = []
    for booking_id in dict.fromkeys(command.booking_ids):
        try:
            booking = await _carried_over(booking_id, to, store, work)
        except Refused as refusal:
            results.append(
                CarriedOver(
                    booking_id=booking_id,
                    code=refusal.code,
                    problem_en=refusal.words("en"),
                    problem_ru=refusal.words("ru"),
                )
            )
        else:
            results.append(CarriedOver(booking_id=booking_id, booking=booking_view(booking)))
    return CarryOverView(results=tuple(results))


async def _carried_over(booking_id: UUID, to: date, store: OrdersStore, work: Work) -> Booking:
    order, booking = await locked(booking_id, store)
    ensure_planned(booking, None)
    domain.ensure_editable(order)
    await ensure_works_here(booking.technician_id, store)
    tries = 0
    while True:
        tries += 1
        free = await _free_time(order, booking, to, store, work)
        new, other = await _booked_anew(order, booking, free, store, work)
        if other is None:
            return new
        if tries == TRIES:
            raise await taken(other, new, store, work)


async def _booked_anew(
    order: Order, booking: Booking, free: Span, store: OrdersStore, work: Work
) -> tuple[Booking, Booking | None]:
    """The booking as it will be, and who is in the way of it."""
    old = carried(booking, work.now)
    events: list[Event]
    if old is None:
        # It has not begun: then it only moves.
        new = booking.changed(start=free.start, end=free.end, overtime=False)
        other = await store.bookings.change(new)
        events = [moved(order, booking, new)]
    else:
        new = _rest(booking, free, work)
        other = await store.bookings.carry(old, new)
        events = [moved(order, booking, old), made(order, new)]
    if other is None:
        work.publish(*events)
    return new, other


async def _free_time(
    order: Order, booking: Booking, to: date, store: OrdersStore, work: Work
) -> Span:
    """The first on ``to``, or on the next day on which there is work. Raises ``no_free_time``,
    and whatever says that there is nothing to carry."""
    earliest = max(work.now, instant(to, BEGIN, work.settings.zone))
    ahead = Span(earliest, earliest + HORIZON)
    known = Span(min(earliest, max(booking.start, work.now - HORIZON)), ahead.end)
    post = await store.places.get(posts, booking.post_id)
    people = (
        [await store.places.get(employees, booking.technician_id)] if booking.technician_id else []
    )
    times = await store.calendars.times(known, work.settings, [each.id for each in people])
    effort = remaining(
        booking,
        order.billed_services,
        await store.bookings.of_order(order.id),
        times.calendar.open(known),
        work.now,
    )
    rows = [*times.posts([post], ahead).values(), *times.employees(people, ahead).values()]
    opened = open_together(rows)
    day = times.calendar.date_of(opened[0].start) if opened else to
    busy = await _busy(booking, ahead, store)
    found = first_free(effort, rows, busy, earliest)
    if found is None or times.calendar.date_of(found.start) != day:
        raise Refused("no_free_time", who=", ".join(row.name for row in rows), day=day)
    return found


async def _busy(booking: Booking, ahead: Span, store: OrdersStore) -> list[Span]:
    """When others hold its post, or its technician does something else."""
    technicians = [booking.technician_id] if booking.technician_id else []
    held = await store.bookings.held(ahead, posts=[booking.post_id], technicians=technicians)
    return [
        each.span
        for each in held
        if each.id != booking.id
        and (each.order_id != booking.order_id or each.technician_id in technicians)
    ]


def _rest(booking: Booking, free: Span, work: Work) -> Booking:
    return Booking(
        id=work.new_id(),
        order_id=booking.order_id,
        line_id=booking.line_id,
        post_id=booking.post_id,
        technician_id=booking.technician_id,
        start=free.start,
        end=free.end,
        overtime=False,
        made_by=work.actor.login,
        made_at=work.now,
        carried_from=booking.id,
    )
