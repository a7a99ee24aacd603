"""Posts and technicians are held by one order at a time: said by the database, told to people."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.approvals import AnswerWork, QuoteWorks
from shared.contracts.load import (
    AddAbsence,
    AddHoliday,
    ListBookings,
    MoveBooking,
    RemoveBooking,
    SetSchedule,
    WeekdayHours,
)
from shared.contracts.orders import (
    AddService,
    BookingRequest,
    ChangeEmployee,
    FindOrders,
    MoveOrder,
    RemoveLine,
)
from shared.ids import new_id
from shared.refusals import Refused
from shared.service import service_named
from tests.orders.at_the_panel import ZONE, Bays, at, events_of, open_bays
from tests.orders.test_estimate_links import say, show, token_of
from tests.support.day import Station

RACERS = 32


@pytest.fixture
async def bays(station: Station) -> Bays:
    return await open_bays(station)


async def ends_of(racing: Any) -> Counter[str]:
    """``won``, the codes of refusals, or whatever else came of it."""
    ends = await asyncio.gather(*racing, return_exceptions=True)
    return Counter(
        end.code if isinstance(end, Refused) else repr(end) if isinstance(end, Exception) else "won"
        for end in ends
    )


# --- two people at once ------------------------------------------------------------------------


async def test_of_many_who_book_one_post_at_once_one_wins_and_each_other_is_told(
    bays: Bays,
) -> None:
    orders = [await bays.order() for _ in range(RACERS)]
    ends = await ends_of(bays.book(order.id, at(10), at(12)) for order in orders)
    assert ends == {"won": 1, "post_taken": RACERS - 1}
    assert len((await bays.load()).bookings) == 1


async def test_of_many_who_book_one_technician_at_once_one_wins(bays: Bays) -> None:
    orders = [await bays.order() for _ in range(RACERS)]
    posts = [post.id for post in bays.posts]
    ends = await ends_of(
        bays.book(
            order.id,
            at(10),
            at(12),
            post_id=posts[place % 2],
            technician_id=bays.technicians[0].id,
        )
        for place, order in enumerate(orders)
    )
    # Whoever meets both the post and the technician is told of the post.
    assert ends["won"] == 1
    assert ends["post_taken"] + ends["technician_taken"] == RACERS - 1
    assert ends["technician_taken"] >= RACERS / 2


async def test_of_many_who_open_an_order_with_a_booking_one_wins_and_no_other_order_is_left(
    bays: Bays,
) -> None:
    booking = BookingRequest(post_id=bays.posts[0].id, start=at(10), end=at(12))
    ends = await ends_of(bays.order(booking=booking) for _ in range(RACERS))
    assert ends == {"won": 1, "post_taken": RACERS - 1}
    (order,) = (await bays.station.ask(FindOrders())).items
    (made,) = (await bays.station.ask(ListBookings(order_id=order.id))).items
    assert (made.post_id, made.start, made.end) == (bays.posts[0].id, at(10), at(12))
    assert (await bays.station.order(order.id)).post_id == bays.posts[0].id


async def test_open_orders_without_a_post_are_found(bays: Bays) -> None:
    booked, waits, cancelled = [await bays.order() for _ in range(3)]
    await bays.book(booked.id, at(10), at(12))
    await bays.station.send(MoveOrder(order_id=cancelled.id, to="cancelled", reason="Передумал"))

    async def found() -> list[UUID]:
        page = await bays.station.ask(FindOrders(unbooked=True))
        return [order.id for order in page.items]

    assert await found() == [waits.id]
    (booking,) = (await bays.station.ask(ListBookings(order_id=booked.id))).items
    await bays.station.send(RemoveBooking(booking_id=booking.id))
    assert await found() == [waits.id, booked.id]


async def test_of_many_who_move_to_one_time_at_once_one_wins(bays: Bays) -> None:
    bookings = [
        await bays.book((await bays.order()).id, at(9 + hour), at(10 + hour)) for hour in range(4)
    ]
    ends = await ends_of(
        bays.station.send(MoveBooking(booking_id=each.id, start=at(15), end=at(16)))
        for each in bookings
    )
    assert ends == {"won": 1, "post_taken": 3}


async def test_two_processes_at_once_refuse_as_plainly(bays: Bays) -> None:
    """Each has a transaction of its own: only the database knows of both."""
    other = service_named("orders")
    async with other.running(bays.station.settings("orders")):
        orders = [await bays.order() for _ in range(RACERS)]
        ends = await ends_of(bays.book(order.id, at(10), at(12)) for order in orders)
        moves = await ends_of(
            bays.book(order.id, at(13), at(14), technician_id=bays.technicians[0].id)
            for order in orders
        )
    assert ends == moves == {"won": 1, "post_taken": RACERS - 1}


# --- what is told, and what is allowed ---------------------------------------------------------


async def test_who_is_in_the_way_is_told_in_both_languages(bays: Bays) -> None:
    first, second = await bays.order(), await bays.order()
    technician = bays.technicians[0]
    await bays.book(first.id, at(10), at(12, 30), technician_id=technician.id)
    told = f"{at(10).astimezone(ZONE):%Y-%m-%d} 10:00", f"{at(10).astimezone(ZONE):%Y-%m-%d} 12:30"
    with pytest.raises(Refused, match="post_taken") as refusal:
        await bays.book(second.id, at(12), at(13))
    assert refusal.value.words("ru") == (
        f"Пост 1 занят заказ-нарядом {first.number} с {told[0]} до {told[1]}"
    )
    with pytest.raises(Refused, match="technician_taken") as refusal:
        await bays.book(
            second.id, at(9), at(18), post_id=bays.posts[1].id, technician_id=technician.id
        )
    assert refusal.value.words("en") == (
        f"Петров Иван is booked for order {first.number} on Пост 1 from {told[0]} to {told[1]}"
    )
    assert not (await bays.station.ask(ListBookings(order_id=second.id))).items


async def test_a_booking_may_begin_when_another_ends(bays: Bays) -> None:
    technician = bays.technicians[0].id
    for start, end in ((10, 12), (12, 14), (9, 10)):
        order = await bays.order()
        await bays.book(order.id, at(start), at(end), technician_id=technician)
    assert len((await bays.load()).bookings) == 3


async def test_two_technicians_of_one_order_may_share_its_post(bays: Bays) -> None:
    order = await bays.order()
    for technician in bays.technicians:
        await bays.book(order.id, at(10), at(12), technician_id=technician.id)
    with pytest.raises(Refused, match="technician_taken"):
        await bays.book(order.id, at(11), at(13), technician_id=bays.technicians[0].id)
    (section,) = (await bays.load()).sections
    # The post is held for two hours, not for four.
    assert [post.days[0].planned_minutes for post in section.posts] == [120, 0]


async def test_the_end_follows_from_what_the_works_are_planned_at(bays: Bays) -> None:
    order = await bays.order()
    for minutes in (90, 150):
        order = await bays.station.send(
            AddService(
                order_id=order.id,
                name="Работа",
                initial_price=Decimal(100),
                estimation_minutes=minutes,
            )
        )
    whole = await bays.book(order.id, at(16))
    # Two hours today, two tomorrow: the night does not count.
    assert whole.end == at(11, days=8)
    line = await bays.book(order.id, at(17), line_id=order.services[0].id, post_id=bays.posts[1].id)
    assert line.end == at(9, 30, days=8)
    late = await bays.book(
        order.id, at(20), line_id=order.services[1].id, post_id=bays.posts[1].id, overtime=True
    )
    assert late.end == at(22, 30)
    with pytest.raises(Refused, match="line_not_found"):
        await bays.book(order.id, at(9), line_id=new_id())
    with pytest.raises(Refused, match="booking_length_missing"):
        await bays.book((await bays.order()).id, at(9))


async def test_the_end_is_laid_over_the_hours_of_post_and_technician(bays: Bays) -> None:
    order = await bays.order()
    order = await bays.station.send(
        AddService(
            order_id=order.id, name="Работа", initial_price=Decimal(1), estimation_minutes=180
        )
    )
    technician = bays.technicians[0].id
    weekday = at(9).astimezone(ZONE).isoweekday()
    week = tuple(
        WeekdayHours(weekday=day, opens="12:00", closes="14:00")
        for day in range(1, 8)
        if day != weekday % 7 + 1
    )
    await bays.station.send(SetSchedule(employee_id=technician, week=week))
    await bays.station.send(AddHoliday(day=at(9, days=9).astimezone(ZONE).date(), name="Праздник"))
    made = await bays.book(order.id, at(12), technician_id=technician)
    # Two hours, a day off, a holiday, and one more hour.
    assert made.end == at(13, days=10)


async def test_closed_hours_are_for_overtime_and_absences_for_nobody(bays: Bays) -> None:
    order, technician = await bays.order(), bays.technicians[0]
    with pytest.raises(Refused, match="outside_working_hours"):
        await bays.book(order.id, at(7), at(10))
    early = await bays.book(order.id, at(7), at(10), overtime=True)
    assert early.overtime
    for fields, code in (
        ({"employee_id": technician.id, "kind": "sick"}, "technician_absent"),
        ({"post_id": bays.posts[0].id, "kind": "out_of_order"}, "post_out_of_order"),
    ):
        await bays.station.send(AddAbsence(**fields, start=at(12), end=at(14)))
        with pytest.raises(Refused, match=code):
            await bays.book(
                order.id, at(13), at(15), technician_id=technician.id, overtime=True,
                post_id=bays.posts[code != "post_out_of_order"].id,
            )  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (at(12), at(12), "period_invalid"),
        (at(12), at(11), "period_invalid"),
        (at(12), at(12, days=70), "period_too_long"),
    ],
)
async def test_times_that_cannot_be_are_refused(
    bays: Bays, start: Any, end: Any, code: str
) -> None:
    order = await bays.order()
    with pytest.raises(Refused, match=code):
        await bays.book(order.id, start, end, overtime=True)


async def test_whoever_and_whatever_is_not_there_is_named(bays: Bays) -> None:
    order = await bays.order()
    for fields, code in (
        ({"post_id": new_id()}, "post_not_found"),
        ({"technician_id": new_id()}, "employee_not_found"),
        ({"expected_revision": 9}, "revision_conflict"),
    ):
        with pytest.raises(Refused, match=code):
            await bays.book(order.id, at(10), at(11), **fields)
    with pytest.raises(Refused, match="order_not_found"):
        await bays.book(new_id(), at(10), at(11))
    technician = bays.technicians[0].id
    await bays.station.send(ChangeEmployee(employee_id=technician, active=False))
    with pytest.raises(Refused, match="employee_inactive"):
        await bays.book(order.id, at(10), at(11), technician_id=technician)
    with pytest.raises(Refused, match="booking_not_found"):
        await bays.station.send(RemoveBooking(booking_id=new_id()))


# --- moving and freeing ------------------------------------------------------------------------


async def test_a_booking_moves_and_keeps_its_working_minutes(bays: Bays) -> None:
    made = await bays.book((await bays.order()).id, at(17), at(10, days=8))
    moved = await bays.station.send(
        MoveBooking(booking_id=made.id, start=at(9), post_id=bays.posts[1].id, expected_revision=1)
    )
    assert (moved.start, moved.end) == (at(9), at(11))
    assert (moved.post_id, moved.revision) == (bays.posts[1].id, 2)
    with pytest.raises(Refused, match="revision_conflict"):
        await bays.station.send(MoveBooking(booking_id=made.id, start=at(12), expected_revision=1))
    technician = bays.technicians[0].id
    moved = await bays.station.send(MoveBooking(booking_id=made.id, technician_id=technician))
    assert (moved.start, moved.end, moved.technician_id) == (at(9), at(11), technician)
    moved = await bays.station.send(MoveBooking(booking_id=made.id, technician_id=None))
    assert moved.technician_id is None
    unchanged = await bays.station.send(MoveBooking(booking_id=made.id, start=at(9)))
    assert unchanged == moved
    with pytest.raises(Refused, match="field_required"):
        await bays.station.send(MoveBooking(booking_id=made.id, start=None))


async def test_a_move_onto_another_is_told_and_changes_nothing(bays: Bays) -> None:
    first = await bays.book((await bays.order()).id, at(10), at(12))
    other = await bays.book((await bays.order()).id, at(14), at(15))
    with pytest.raises(Refused, match="post_taken"):
        await bays.station.send(MoveBooking(booking_id=other.id, start=at(11)))
    assert {each.id: each.start for each in (await bays.load()).bookings} == {
        first.id: at(10),
        other.id: at(14),
    }


async def test_a_move_to_nobody_is_told_and_changes_nothing(bays: Bays) -> None:
    """No post, one that is not there, and whoever is not there or works here no more."""
    technician, gone = (each.id for each in bays.technicians[:2])
    made = await bays.book((await bays.order()).id, at(10), at(12), technician_id=technician)
    await bays.station.send(ChangeEmployee(employee_id=gone, active=False))
    for nobody, code in (
        ({"post_id": None}, "field_required"),
        ({"post_id": new_id()}, "post_not_found"),
        ({"technician_id": new_id()}, "employee_not_found"),
        ({"technician_id": gone}, "employee_inactive"),
    ):
        with pytest.raises(Refused, match=code):
            await bays.station.send(
                MoveBooking.model_validate({"booking_id": made.id, "start": at(14), **nobody})
            )
    assert (await bays.station.ask(ListBookings(order_id=made.order_id))).items == (made,)


async def test_a_freed_post_can_be_booked_by_another(bays: Bays) -> None:
    made = await bays.book((await bays.order()).id, at(10), at(12))
    await bays.station.send(RemoveBooking(booking_id=made.id))
    await bays.book((await bays.order()).id, at(10), at(12))
    with pytest.raises(Refused, match="booking_not_found"):
        await bays.station.send(RemoveBooking(booking_id=made.id))


@pytest.mark.parametrize("end", ["cancelled", "done"])
async def test_an_order_that_ends_frees_what_is_ahead_and_keeps_what_was(
    bays: Bays, end: Any
) -> None:
    order = await bays.order()
    past = await bays.book(order.id, at(8, days=-2), at(9, days=-2), overtime=True)
    running = await bays.book(order.id, at(0, days=-1), at(0, days=1), overtime=True)
    ahead = await bays.book(order.id, at(10), at(12))
    await bays.station.move(order.id, "in_progress")
    await bays.station.move(order.id, end)
    left = {each.id: each for each in await _bookings_of(bays, order.id)}
    assert left.keys() == {past.id, running.id}
    assert (left[past.id].end, left[past.id].state) == (past.end, "ended")
    assert left[running.id].end < running.end
    assert left[running.id].state == "ended"
    # What was freed, others have at once.
    await bays.book((await bays.order()).id, at(10), at(12))
    with pytest.raises(Refused, match="booking_over"):
        await bays.station.send(MoveBooking(booking_id=past.id, start=at(15)))
    with pytest.raises(Refused, match="order_closed"):
        await bays.book(order.id, at(15), at(16))
    with pytest.raises(Refused, match="booking_not_found"):
        await bays.station.send(RemoveBooking(booking_id=ahead.id))


async def test_a_work_that_is_taken_off_frees_its_own_bookings(bays: Bays) -> None:
    order = await bays.order()
    order = await bays.station.send(
        AddService(order_id=order.id, name="Работа", initial_price=Decimal(1))
    )
    line_id = order.services[0].id
    of_line = await bays.book(order.id, at(10), at(11), line_id=line_id)
    of_order = await bays.book(order.id, at(12), at(13))
    await bays.station.send(RemoveLine(order_id=order.id, line_id=line_id))
    assert [each.id for each in await _bookings_of(bays, order.id)] == [of_order.id]
    assert of_line.line_id == line_id


@pytest.mark.parametrize("by_link", [False, True])
async def test_a_work_that_is_declined_frees_its_own_bookings(bays: Bays, by_link: bool) -> None:
    order = await bays.order()
    for name in ("Колодки", "Масло"):
        order = await bays.station.send(
            AddService(order_id=order.id, name=name, initial_price=Decimal(1))
        )
    declined, kept = (line.id for line in order.services)
    await bays.book(order.id, at(10), at(11), line_id=declined)
    of_kept = await bays.book(order.id, at(11), at(12), line_id=kept)
    of_order = await bays.book(order.id, at(12), at(13))
    await bays.station.send(QuoteWorks(order_id=order.id))
    if by_link:
        token = await token_of(bays.station, order)
        await say(bays.station, token, await show(bays.station, token), "declined", 0)
    else:
        await bays.station.send(
            AnswerWork(order_id=order.id, line_id=declined, to="declined", how="phone")
        )
    assert [each.id for each in await _bookings_of(bays, order.id)] == [of_kept.id, of_order.id]
    (told,) = await events_of(bays.station, "evt.orders.booking_removed.v1")
    assert (told["body"]["line_id"], told["body"]["reason"]) == (str(declined), "work_declined")
    # The time is for others at once.
    await bays.book((await bays.order()).id, at(10), at(11))


async def test_bookings_are_told_to_the_audit(station: Station, bays: Bays) -> None:
    order = await bays.order()
    made = await bays.book(order.id, at(10), at(12))
    await station.send(MoveBooking(booking_id=made.id, start=at(14)))
    await station.send(RemoveBooking(booking_id=made.id))
    events = await events_of(station, "evt.orders.booking_%")
    assert [each["subject"].split(".")[2] for each in events] == [
        "booking_made",
        "booking_moved",
        "booking_removed",
    ]
    assert {change["field"] for change in events[1]["body"]["changes"]} == {"start", "end"}
    assert events[2]["body"]["reason"] == "by_hand"
    assert {each["headers"]["orderid"] for each in events} == {str(order.id)}


async def _bookings_of(bays: Bays, order_id: Any) -> tuple[Any, ...]:
    return (await bays.station.ask(ListBookings(order_id=order_id))).items
