"""Work that was not finished in its time is offered, and booked anew where there is room."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from shared.contracts.load import (
    AddAbsence,
    AddHoliday,
    BookingView,
    CarriedOver,
    CarryOver,
    ListBookings,
    LoadView,
    MoveBooking,
)
from shared.contracts.orders import AddService, ChangeLine, OrderView
from shared.ids import new_id
from shared.refusals import Refused
from tests.orders.at_the_panel import ZONE, Bays, at, events_of, open_bays
from tests.support.day import Station


@pytest.fixture
async def bays(station: Station) -> Bays:
    return await open_bays(station)


async def unfinished(
    bays: Bays,
    *,
    minutes: int = 120,
    of_line: bool = True,
    start: datetime | None = None,
    **fields: Any,
) -> tuple[OrderView, BookingView]:
    """A work that was booked for two hours yesterday, from ten on, and is not done."""
    start = start or at(10, days=-1)
    order = await bays.order()
    order = await bays.station.send(
        AddService(
            order_id=order.id,
            name="Кузов",
            initial_price=Decimal(100),
            estimation_minutes=minutes,
        )
    )
    line_id = order.services[0].id if of_line else None
    booking = await bays.book(
        order.id,
        start,
        start + timedelta(hours=2),
        overtime=True,
        line_id=line_id,
        **fields,
    )
    return order, booking


async def carried(bays: Bays, *bookings: BookingView, to: int = 1) -> tuple[CarriedOver, ...]:
    day = at(12, days=to).astimezone(ZONE).date()
    command = CarryOver(booking_ids=tuple(each.id for each in bookings), to=day)
    return (await bays.station.send(command)).results


async def the_panel(bays: Bays, **fields: Any) -> LoadView:
    return await bays.load(start=at(0, days=0), end=at(0, days=2), **fields)


async def test_unfinished_work_whose_time_is_over_is_offered(bays: Bays) -> None:
    second: dict[str, Any] = {"post_id": bays.posts[1].id}
    order, booking = await unfinished(bays)
    _, of_order = await unfinished(bays, of_line=False, start=at(7, days=-1), **second)
    finished, _ = await unfinished(bays, start=at(14, days=-1))
    await bays.station.send(
        ChangeLine(order_id=finished.id, line_id=finished.services[0].id, progress="finished")
    )
    cancelled, _ = await unfinished(bays, start=at(17, days=-1))
    await bays.station.move(cancelled.id, "cancelled")
    offers = {each.booking.id: each for each in (await the_panel(bays)).carry_over}
    assert offers.keys() == {booking.id, of_order.id}
    assert {each.remaining_minutes for each in offers.values()} == {120}
    offer = offers[booking.id]
    assert (offer.number, offer.line, offer.caption) == (order.number, "Кузов", order.number)
    narrowed = (await the_panel(bays, **second)).carry_over
    assert [each.booking.id for each in narrowed] == [of_order.id]


async def test_what_is_left_of_it_is_booked_anew_and_what_was_stays(bays: Bays) -> None:
    technician = bays.technicians[0].id
    order, booking = await unfinished(bays, minutes=200, technician_id=technician)
    # Somebody has the post first thing tomorrow.
    await bays.book((await bays.order()).id, at(9, days=1), at(11, days=1))
    (result,) = await carried(bays, booking)
    new = result.booking
    assert new
    assert (new.start, new.end) == (at(11, days=1), at(14, 20, days=1))
    assert (new.post_id, new.technician_id, new.line_id) == (
        booking.post_id,
        technician,
        booking.line_id,
    )
    assert new.carried_from == booking.id
    old, kept = (await bays.station.ask(ListBookings(order_id=order.id))).items
    assert (old.id, old.state, old.start, old.end) == (
        booking.id,
        "carried",
        booking.start,
        booking.end,
    )
    assert kept == new
    assert (await the_panel(bays)).carry_over == ()
    (again,) = await carried(bays, booking)
    assert (again.code, again.booking) == ("booking_over", None)
    with pytest.raises(Refused, match="booking_over"):
        await bays.station.send(MoveBooking(booking_id=booking.id, start=at(9)))
    made = (await events_of(bays.station, "evt.orders.booking_made.v1"))[-1]
    assert made["body"]["carried_from"] == str(booking.id)


async def test_minutes_that_were_clocked_are_not_booked_again(bays: Bays) -> None:
    order, booking = await unfinished(bays)
    line_id = order.services[0].id
    await clock(bays, line_id, 75)
    assert (await the_panel(bays)).carry_over[0].remaining_minutes == 45
    # More than was planned, and not finished: a quarter of an hour to look at it.
    await clock(bays, line_id, 300)
    (result,) = await carried(bays, booking)
    assert result.booking
    assert result.booking.end - result.booking.start == timedelta(minutes=15)


async def test_a_running_booking_is_cut_where_it_stands(bays: Bays) -> None:
    order = await bays.order()
    running = await bays.book(
        order.id, at(0, days=-1), at(12, days=1), overtime=True,
        technician_id=bays.technicians[0].id,
    )  # fmt: skip
    (result,) = await carried(bays, running)
    assert result.booking
    (old, new) = (await bays.station.ask(ListBookings(order_id=order.id))).items
    assert old.end < running.end
    assert (old.state, new.start) == ("carried", at(9, days=1))


async def test_a_booking_that_has_not_begun_only_moves(bays: Bays) -> None:
    order = await bays.order()
    booking = await bays.book(order.id, at(10, days=3), at(12, days=3))
    (result,) = await carried(bays, booking, to=5)
    assert result.booking
    assert (result.booking.id, result.booking.start) == (booking.id, at(9, days=5))
    assert result.booking.end == at(11, days=5)
    assert result.booking.state == "planned"


async def test_a_closed_day_passes_the_work_on_to_the_next(bays: Bays) -> None:
    _, booking = await unfinished(bays)
    await bays.station.send(AddHoliday(day=at(9, days=1).astimezone(ZONE).date(), name="Праздник"))
    await bays.station.send(
        AddAbsence(
            post_id=booking.post_id, kind="out_of_order", start=at(0, days=2), end=at(11, days=2)
        )
    )
    (result,) = await carried(bays, booking)
    assert result.booking
    assert result.booking.start == at(11, days=2)


async def test_each_booking_has_a_result_of_its_own(bays: Bays) -> None:
    _, first = await unfinished(bays)
    _, second = await unfinished(bays, minutes=240, start=at(14, days=-1))
    _, third = await unfinished(bays, minutes=300, start=at(17, days=-1))
    unknown = first.model_copy(update={"id": new_id()})
    results = await carried(bays, first, second, third, unknown, first)
    assert [each.booking_id for each in results] == [first.id, second.id, third.id, unknown.id]
    assert [each.code for each in results] == [None, None, None, "booking_not_found"]
    # Two hours, four, and what begins in the afternoon and goes on the next morning.
    assert [(each.booking.start, each.booking.end) for each in results if each.booking] == [
        (at(9, days=1), at(11, days=1)),
        (at(11, days=1), at(15, days=1)),
        (at(15, days=1), at(11, days=2)),
    ]


async def test_a_day_without_room_is_told(bays: Bays) -> None:
    _, booking = await unfinished(bays, technician_id=bays.technicians[0].id)
    await bays.book((await bays.order()).id, at(9, days=1), at(18, days=1))
    (result,) = await carried(bays, booking)
    day = at(9, days=1).astimezone(ZONE).date()
    assert result.code == "no_free_time"
    assert result.problem_ru == f"Пост 1, Петров Иван: на {day} свободного времени нет"
    assert [each.booking.id for each in (await the_panel(bays)).carry_over] == [booking.id]


async def test_what_is_booked_ahead_already_is_not_booked_twice(bays: Bays) -> None:
    order, booking = await unfinished(bays)
    ahead = {"line_id": booking.line_id}
    await bays.book(order.id, at(10, days=1), at(11, days=1), **ahead)
    assert (await the_panel(bays)).carry_over[0].remaining_minutes == 60
    await bays.book(order.id, at(11, days=1), at(12, days=1), **ahead)
    assert (await the_panel(bays)).carry_over == ()
    (result,) = await carried(bays, booking)
    assert result.code == "booked_ahead"


async def test_nothing_is_carried_into_the_past(bays: Bays) -> None:
    _, booking = await unfinished(bays)
    with pytest.raises(Refused, match="carry_over_past"):
        await carried(bays, booking, to=-1)


async def clock(bays: Bays, line_id: Any, minutes: int) -> None:
    """As if a technician had worked so long on it."""
    connection = await asyncpg.connect(bays.station.database_urls["orders"])
    await connection.execute(
        "UPDATE service_lines SET clocked_minutes = $1 WHERE id = $2", minutes, line_id
    )
    await connection.close()
