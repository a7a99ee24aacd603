"""Clocks of works: one that runs per technician and per work, minutes that add up, late news."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.orders import domain
from shared.contracts.bay import ClockOf, ClockStopped, GetBay, StartClock, StopClock
from shared.contracts.orders import (
    AddService,
    ChangeLine,
    CreateEmployee,
    CreateOrder,
    EmployeeWorkload,
    GetOrder,
    MoveOrder,
    OrderView,
)
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.orders.builders import LATER, NOW, a_service, an_order, money
from tests.orders.test_handlers import a_new_order
from tests.support.day import Station

MINUTE = timedelta(minutes=1)
WHO = new_id()


# --- rules ---------------------------------------------------------------------------------------


def test_starting_begins_the_work_and_its_order_and_stopping_adds_the_minutes() -> None:
    line = a_service()
    begun = domain.clock_started(an_order(services=(line,)), line, WHO, NOW, NOW)
    assert [type(event).__name__ for event in begun.events] == ["ClockStarted", "OrderMoved"]
    assert begun.order.status == "in_progress"
    (running,) = begun.order.services
    assert (running.progress, running.started_at, running.clock_of) == ("started", NOW, WHO)

    rests = domain.clock_stopped(begun.order, running, LATER, LATER)
    (line,) = rests.order.services
    assert (line.progress, line.clocked_minutes, line.started_at) == ("started", 90, None)
    assert isinstance(rests.events[0], ClockStopped)
    assert rests.events[0].minutes == 90

    goes_on = domain.clock_started(rests.order, line, WHO, LATER, LATER)
    again = domain.clock_stopped(
        goes_on.order, goes_on.order.services[0], LATER + 5 * MINUTE, LATER + 5 * MINUTE
    )
    assert again.order.clocked_minutes == 95


def test_what_is_said_twice_changes_nothing() -> None:
    line = a_service()
    begun = domain.clock_started(an_order(services=(line,)), line, WHO, NOW, NOW)
    (running,) = begun.order.services
    assert domain.clock_started(begun.order, running, WHO, LATER, LATER).events == ()
    rests = domain.clock_stopped(begun.order, running, LATER, LATER)
    assert domain.clock_stopped(rests.order, rests.order.services[0], LATER, LATER).events == ()


@pytest.mark.parametrize("at", [NOW + timedelta(minutes=6), NOW - timedelta(days=8)])
def test_a_clock_starts_at_a_time_that_can_be_true(at: datetime) -> None:
    line = a_service()
    with pytest.raises(Refused, match="clock_time_invalid"):
        domain.clock_started(an_order(services=(line,)), line, WHO, at, NOW)


def test_late_news_of_a_stretch_that_is_over_does_not_stop_the_one_that_runs() -> None:
    line = a_service(progress="started", started_at=NOW, clock_of=WHO)
    order = an_order(status="in_progress", services=(line,))
    with pytest.raises(Refused, match="clock_time_invalid"):
        domain.clock_stopped(order, line, NOW - MINUTE, LATER)


def test_finishing_cancelling_and_doing_stop_the_clock() -> None:
    line = a_service(progress="started", started_at=NOW, clock_of=WHO)
    order = an_order(status="in_progress", services=(line,))
    finished = domain.change_service_line(
        order, line, replace(line, progress="finished"), LATER, "misha"
    )
    done = domain.move(order, "done", None, {}, LATER)
    cancelled = domain.move(order, "cancelled", None, {}, LATER)
    for each in (finished, done, cancelled):
        (after,) = each.order.services
        assert (after.clock_of, after.started_at, after.clocked_minutes) == (None, None, 90)
    (after,) = finished.order.services
    assert (after.finished_at, after.finished_by) == (LATER, "misha")
    taken_back = domain.change_service_line(
        finished.order, after, replace(after, progress="planned"), LATER, "misha"
    )
    assert taken_back.order.services[0].finished_at is None


# --- at work -------------------------------------------------------------------------------------


@dataclass
class Bay:
    """Two technicians who sign in, and an order with two works of the first one's."""

    station: Station
    order: OrderView
    misha: UUID
    kolya: UUID

    def line(self, number: int) -> UUID:
        return self.order.services[number].id

    async def now(self, order_id: UUID | None = None) -> OrderView:
        return await self.station.ask(GetOrder(order_id=order_id or self.order.id))


MISHA, KOLYA = Actor("misha", "technician"), Actor("kolya", "technician")


@pytest.fixture
async def bay(station: Station) -> Bay:
    order = await a_new_order(station)
    misha, kolya = [
        await station.send(
            CreateEmployee(
                last_name=name, first_name=name, role="technician", login=login,
                section_id=order.section_id,
            )
        )
        for name, login in (("Миша", "misha"), ("Коля", "kolya"))
    ]  # fmt: skip
    for name in ("Колодки", "Масло"):
        order = await station.send(
            AddService(order_id=order.id, name=name, initial_price=money(500), mechanic_id=misha.id)
        )
    return Bay(station, order, misha.id, kolya.id)


async def test_a_technician_clocks_in_goes_over_to_another_work_and_the_report_has_it(
    bay: Bay,
) -> None:
    station, order = bay.station, bay.order
    an_hour_ago = datetime.now(NOW.tzinfo) - timedelta(hours=1)
    begun = await station.send(
        StartClock(order_id=order.id, line_id=bay.line(0), at=an_hour_ago), actor=MISHA
    )
    assert begun.status == "in_progress"
    assert begun.services[0].clock
    assert begun.services[0].clock.employee_id == bay.misha
    seen = await station.ask(GetBay(), actor=MISHA)
    assert seen.clock
    assert (seen.clock.name, seen.clock.started_at) == ("Колодки", an_hour_ago)
    assert [work.own for work in seen.orders[0].works] == [True, True]

    with pytest.raises(Refused, match="clock_running"):
        await station.send(StartClock(order_id=order.id, line_id=bay.line(1)), actor=MISHA)
    over = await station.send(
        StartClock(
            order_id=order.id,
            line_id=bay.line(1),
            stops=ClockOf(order_id=order.id, line_id=bay.line(0)),
            at=an_hour_ago + 30 * MINUTE,
        ),
        actor=MISHA,
    )
    assert [bool(line.clock) for line in over.services] == [False, True]
    stopped = await station.send(
        StopClock(order_id=order.id, line_id=bay.line(1), at=an_hour_ago + 50 * MINUTE),
        actor=MISHA,
    )
    assert [line.clocked_minutes for line in stopped.services] == [30, 20]
    assert stopped.clocked_minutes == 50
    report = await station.ask(EmployeeWorkload(employee_id=bay.misha))
    assert [row.clocked_minutes for row in report.items] == [50]


async def test_nobody_clocks_on_others_works_and_stops_others_clocks(bay: Bay) -> None:
    station, order = bay.station, bay.order
    start = StartClock(order_id=order.id, line_id=bay.line(0))
    with pytest.raises(Refused, match="work_of_others"):
        await station.send(start, actor=KOLYA)
    with pytest.raises(Refused, match="employee_unlinked"):
        await station.send(start, actor=Actor("nobody", "technician"))
    with pytest.raises(Refused, match="forbidden"):
        await station.send(start.model_copy(update={"employee_id": bay.misha}), actor=KOLYA)
    # The counter may start it for him.
    await station.send(start.model_copy(update={"employee_id": bay.misha}))
    with pytest.raises(Refused, match="work_clocked"):
        await station.send(StopClock(order_id=order.id, line_id=bay.line(0)), actor=KOLYA)
    assert (await bay.now()).services[0].clock


async def test_of_two_phones_at_once_one_starts_and_each_is_told(bay: Bay) -> None:
    """Two works on two orders: each request waits for the other's."""
    station, order = bay.station, bay.order
    other = await station.send(
        CreateOrder(client_id=order.client_id, section_id=order.section_id, employee_id=bay.misha)
    )
    other = await station.send(
        AddService(order_id=other.id, name="Мойка", initial_price=money(500))
    )
    answers = await asyncio.gather(
        station.send(StartClock(order_id=order.id, line_id=bay.line(0)), actor=MISHA),
        station.send(StartClock(order_id=other.id, line_id=other.services[0].id), actor=MISHA),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert [refusal.code for refusal in refused] == ["clock_running"]
    running = [
        line.clock
        for each in (await bay.now(), await bay.now(other.id))
        for line in each.services
        if line.clock
    ]
    assert len(running) == 1


async def test_an_order_that_is_done_frees_the_technician(bay: Bay) -> None:
    station, order = bay.station, bay.order
    await station.send(StartClock(order_id=order.id, line_id=bay.line(0)), actor=MISHA)
    finished = await station.send(
        ChangeLine(order_id=order.id, line_id=bay.line(1), progress="finished"), actor=MISHA
    )
    assert finished.services[1].finished_by == "misha"
    await station.send(MoveOrder(order_id=order.id, to="done"), actor=MISHA)
    seen = await station.ask(GetBay(), actor=MISHA)
    assert (seen.clock, seen.orders) == (None, ())
    # What a phone tells later of a clock that stopped with the order is no mistake.
    late = StopClock(order_id=order.id, line_id=bay.line(0))
    assert (await station.send(late, actor=MISHA)).status == "done"
