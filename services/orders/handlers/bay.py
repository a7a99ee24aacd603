"""A technician at the car: the clock that runs, and what there is to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from services.orders import domain
from services.orders.domain.order import Order, ServiceLine
from services.orders.domain.planning.bookings import Booking
from services.orders.handlers.costs import shown
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.finding import find_orders
from services.orders.store.queries import OrderFilter
from services.orders.store.tables import employees
from services.orders.views import clock_view
from shared.contracts.bay import (
    BayOrder,
    BayView,
    BayWork,
    GetBay,
    OwnClock,
    StartClock,
    StopClock,
)
from shared.contracts.orders import OrderView
from shared.handlers import Work
from shared.refusals import Refused
from shared.roles import TECHNICIAN

MAX_ORDERS = 100


@handlers.command(StartClock)
async def start_clock(command: StartClock, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    line = _work_of(order, command.line_id)
    employee_id = await _whose(command, store, work)
    if employee_id not in {one.employee_id for one in order.performers_of(line)}:
        raise Refused("work_of_others", name=line.name)
    # Two of the same person's phones: the second waits here, and sees the first one's clock.
    await store.places.held(employees, employee_id)
    at = command.at or work.now
    ended = await _ended(command, employee_id, at, store, work)
    running = await store.clock_of(employee_id)
    if running and running.line_id not in {line.id, command.stops and command.stops.line_id}:
        raise Refused("clock_running", number=running.number, name=running.name)
    if ended and ended.order.id == order.id:
        order = ended.order
    started = domain.clock_started(order, line, employee_id, at, work.now)
    for decision in (ended, started):
        if decision:
            store.save(decision.order, work)
            work.publish(*decision.events)
    return await shown(started.order, store, work)


@handlers.command(StopClock)
async def stop_clock(command: StopClock, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    line = _work_of(order, command.line_id)
    if line.clock_of and work.actor.role == TECHNICIAN:
        own = await store.places.employee_of(work.actor.login)
        if own is None or own.id != line.clock_of:
            raise Refused("work_clocked", name=line.name)
    decision = domain.clock_stopped(order, line, command.at or work.now, work.now)
    store.save(decision.order, work)
    work.publish(*decision.events)
    return await shown(decision.order, store, work)


@handlers.question(GetBay)
async def get_bay(_: GetBay, store: OrdersStore, work: Work) -> BayView:
    own = await store.places.employee_of(work.actor.login)
    if own is None:
        return BayView(employee_id=None, name=None, clock=None, orders=())
    open_now = OrderFilter(own_of=own.id, statuses=("new", "in_progress"))
    rows = await find_orders(store.connection, open_now, MAX_ORDERS, None)
    orders = await store.all_shown([row.id for row in rows])
    bookings = await store.bookings.of_orders({order.id for order in orders})
    cars = await store.copies.many(work, vehicle_ids={order.header.vehicle_id for order in orders})
    # What clients had to be asked for is known from now on.
    await store.write()
    items = [_order(order, cars.vehicles, bookings[order.id], own.id, work) for order in orders]
    return BayView(
        employee_id=own.id,
        name=f"{own.first_name} {own.last_name}",
        clock=_own_clock(orders, own.id),
        orders=tuple(sorted(items, key=_urgency)),
    )


def _work_of(order: Order, line_id: UUID) -> ServiceLine:
    for line in order.services:
        if line.id == line_id:
            return line
    raise Refused("line_not_found", id=line_id)


async def _whose(command: StartClock, store: OrdersStore, work: Work) -> UUID:
    """Whoever asks, or the one that the counter names."""
    own = None
    if command.employee_id is None or work.actor.role == TECHNICIAN:
        own = await store.places.employee_of(work.actor.login)
        if own is None:
            raise Refused("employee_unlinked", login=work.actor.login)
    if command.employee_id is None:
        assert own
        return UUID(str(own.id))
    if own and own.id != command.employee_id:
        raise Refused("forbidden")
    return command.employee_id


async def _ended(
    command: StartClock, employee_id: UUID, at: datetime, store: OrdersStore, work: Work
) -> domain.Decision | None:
    """The technician's other clock stops, if it is the one that is named and still runs."""
    if command.stops is None or command.stops.line_id == command.line_id:
        return None
    for order in await store.orders({command.stops.order_id}):
        for line in order.services:
            if line.id == command.stops.line_id and line.clock_of == employee_id:
                return domain.clock_stopped(order, line, at, work.now)
    return None


def _own_clock(orders: list[Order], employee_id: UUID) -> OwnClock | None:
    for order in orders:
        for line in order.services:
            if line.clock_of == employee_id and line.started_at:
                return OwnClock(
                    order_id=order.id,
                    number=order.number,
                    line_id=line.id,
                    name=line.name,
                    started_at=line.started_at,
                    clocked_minutes=line.clocked_minutes,
                )
    return None


def _order(
    order: Order,
    cars: Mapping[UUID, Any],
    bookings: list[Booking],
    employee_id: UUID,
    work: Work,
) -> BayOrder:
    car = cars.get(order.header.vehicle_id) if order.header.vehicle_id else None
    ahead = [booking for booking in bookings if booking.end > work.now]
    own = [booking for booking in ahead if booking.technician_id == employee_id]
    return BayOrder(
        id=order.id,
        number=order.number,
        status=order.status,
        flags=order.flags,
        car=order.header.vehicle_name,
        plate=car.plate if car else None,
        customer_reason=order.header.customer_reason,
        starts_at=min((booking.start for booking in own or ahead), default=None),
        promised_at=order.header.vehicle_out_at
        or max((booking.end for booking in bookings), default=None),
        missing_parts=tuple(
            part.name for part in order.billed_parts if part.state in ("requested", "short")
        ),
        works=tuple(_work(order, line, employee_id) for line in order.services),
    )


def _work(order: Order, line: ServiceLine, employee_id: UUID) -> BayWork:
    return BayWork(
        line_id=line.id,
        name=line.name,
        comment=line.comment,
        progress=line.progress,
        estimation_minutes=line.estimation_minutes,
        clocked_minutes=line.clocked_minutes,
        clock=clock_view(line),
        approval=line.approval.state,
        own=employee_id in {one.employee_id for one in order.performers_of(line)},
    )


def _urgency(order: BayOrder) -> tuple[object, ...]:
    """Begun ones first, then by when they are promised, then the older one."""
    promised = order.promised_at or order.starts_at
    return order.status != "in_progress", promised is None, promised or order.number, order.number
