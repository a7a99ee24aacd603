"""What people do at the load panel, and technicians at the car."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from shared.contracts.bay import ClockOf, StartClock, StopClock
from shared.contracts.load import (
    AddAbsence,
    AddHoliday,
    BookPost,
    CarryOver,
    ListBookings,
    MoveBooking,
    RemoveAbsence,
    RemoveBooking,
    RemoveHoliday,
    SetSchedule,
    SetWorkingHours,
    WeekdayHours,
)
from shared.contracts.orders import ChangeLine, CreatePost, Progress
from tests.flows.histories.reception import Reception
from tests.support.histories import action

ALL_DAY = tuple(WeekdayHours(weekday=day, opens="00:00", closes="24:00") for day in range(1, 8))
PROGRESS: tuple[Progress, ...] = ("planned", "started", "started", "finished")


class Bay(Reception):
    """Posts and people are booked, and clocks run."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.absences: list[UUID] = []
        self.holidays: list[UUID] = []

    async def open(self) -> None:
        await super().open()
        self.posts = [
            await self.made(CreatePost(name=name, section_id=self.section)) for name in ("1", "2")
        ]
        await self.send(SetWorkingHours(week=ALL_DAY))

    async def differences(self) -> list[str]:
        """Nothing is booked, or clocked, for what is over."""
        wrong = await super().differences()
        for order_id in self.orders:
            order = await self._order(order_id)
            listed = (await self.business.ask(ListBookings(order_id=order_id))).items
            planned = [each for each in listed if each.state == "planned"]
            clocked = [work for work in order.services if work.clock]
            closed = order.status in ("done", "cancelled")
            refused = {work.id for work in order.services if work.approval.state == "declined"}
            if closed and (planned or clocked):
                wrong.append(f"{order.number} is {order.status}: {planned} {clocked}")
            if refused & {*(each.line_id for each in planned), *(work.id for work in clocked)}:
                wrong.append(f"{order.number}, of what was declined: {planned} {clocked}")
        return wrong

    @action(4)
    async def a_post_is_booked(self) -> None:
        if order_id := self.recent(self.orders):
            works = (await self._order(order_id)).services
            start, end = self._hours()
            await self.send(
                BookPost(
                    order_id=order_id,
                    post_id=self.one_of(self.posts),
                    technician_id=self.one_of((None, *self.mechanics)),
                    start=start,
                    end=self.one_of((None, end, end)),
                    line_id=self.one_of(works).id if works and self.chance(0.5) else None,
                    overtime=self.chance(0.8),
                )
            )

    @action(3)
    async def a_booking_moves(self) -> None:
        if booking_id := await self._a_booking():
            start, end = self._hours()
            said: tuple[dict[str, Any], ...] = (
                {"start": start},
                {"start": start, "end": end, "overtime": True},
                {"post_id": self.one_of(self.posts)},
                {"technician_id": self.one_of((None, *self.mechanics))},
            )
            await self.send(MoveBooking(booking_id=booking_id, **self.one_of(said)))

    @action(2)
    async def a_booking_ends_otherwise(self) -> None:
        if booking_id := await self._a_booking():
            if self.chance(0.4):
                await self.send(RemoveBooking(booking_id=booking_id))
            else:
                await self.send(CarryOver(booking_ids=(booking_id,)))

    @action(5)
    async def a_clock_starts(self) -> None:
        if work := await self._a_work():
            order_id, line_id = work
            other = await self._a_work()
            await self.send(
                StartClock(
                    order_id=order_id,
                    line_id=line_id,
                    employee_id=self.one_of(self.mechanics),
                    stops=ClockOf(order_id=other[0], line_id=other[1]) if other else None,
                    at=self.one_of((None, self._lately())),
                )
            )

    @action(3)
    async def a_clock_stops(self) -> None:
        if work := await self._a_work():
            order_id, line_id = work
            at = self.one_of((None, self._lately()))
            await self.send(StopClock(order_id=order_id, line_id=line_id, at=at))

    @action(3)
    async def a_work_goes_on(self) -> None:
        if work := await self._a_work():
            order_id, line_id = work
            progress = self.one_of(PROGRESS)
            await self.send(ChangeLine(order_id=order_id, line_id=line_id, progress=progress))

    @action(1)
    async def somebody_is_away(self) -> None:
        absence_id = self.recent(self.absences)
        start, end = self._hours()
        if absence_id and self.chance(0.4):
            if await self.send(RemoveAbsence(absence_id=absence_id)):
                self.absences.remove(absence_id)
        elif absence := await self.send(
            AddAbsence(employee_id=self.one_of(self.mechanics), kind="sick", start=start, end=end)
        ):
            self.absences.append(absence.id)

    @action(1)
    async def a_week_is_another(self) -> None:
        day = date.today() + timedelta(days=self.random.randint(0, 6))
        week = self.one_of((None, ALL_DAY[:5]))
        holiday_id = self.recent(self.holidays)
        if self.chance(0.5):
            await self.send(SetSchedule(employee_id=self.one_of(self.mechanics), week=week))
        elif holiday_id and self.chance(0.4):
            if await self.send(RemoveHoliday(holiday_id=holiday_id)):
                self.holidays.remove(holiday_id)
        elif holiday := await self.send(AddHoliday(day=day, name="Выходной")):
            self.holidays.append(holiday.id)

    async def _a_booking(self) -> UUID | None:
        order_id = self.recent(self.orders)
        if order_id is None:
            return None
        bookings = (await self.business.ask(ListBookings(order_id=order_id))).items
        return self.one_of(bookings).id if bookings else None

    def _hours(self) -> tuple[datetime, datetime]:
        """Of yesterday, today, or one of the next days."""
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        start = hour + timedelta(hours=self.random.randint(-24, 72))
        return start, start + timedelta(hours=self.random.randint(1, 6))

    def _lately(self) -> datetime:
        return datetime.now(UTC) - timedelta(minutes=self.random.randint(1, 600))
