"""The load panel: who holds which post when, when the station works, and what is planned."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.base import (
    Command,
    Cursor,
    Day,
    Done,
    Event,
    Instant,
    Limit,
    Minutes,
    Name,
    Page,
    Question,
    Revision,
    Text,
    View,
)
from shared.contracts.orders import OrderEvent, OrderStatus, Progress

Weekday = Annotated[int, Field(ge=1, le=7)]
"""As ISO counts them: 1 is Monday."""
Opens = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Closes = Annotated[str, StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
"""Wall clock of the station, ``HH:MM``; ``24:00`` is the end of the day."""
AbsenceKind = Literal["vacation", "sick", "other", "out_of_order"]
BookingState = Literal["planned", "carried", "ended"]
"""``planned``: holds its post. ``carried``: what was left of it was booked anew. ``ended``: its
order is done or cancelled, or its work was taken off or declined."""
FreedBecause = Literal[
    "by_hand", "order_done", "order_cancelled", "line_removed", "work_declined",
]  # fmt: skip
FormulaText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)
]


# --- when the station works --------------------------------------------------------------------


class OpeningHours(View):
    """A part of a day: ``opens <= t < closes``. A night shift is two of them, one per day."""

    model_config = {"extra": "forbid"}

    opens: Opens
    closes: Closes


class WeekdayHours(OpeningHours):
    """Of every such weekday; a day may have several."""

    weekday: Weekday


Week = Annotated[tuple[WeekdayHours, ...], Field(max_length=70)]


class WorkingHoursView(View):
    """A weekday that is not named is closed. Revision 1: what holds until somebody says so."""

    time_zone: str
    week: tuple[WeekdayHours, ...]
    revision: Revision


class GetWorkingHours(Question[WorkingHoursView]):
    subject: ClassVar[str] = "ask.orders.working_hours.v1"


class SetWorkingHours(Command[WorkingHoursView]):
    """The station's whole week. Bookings that exist stay. Refused: ``hours_invalid`` (closes
    before it opens, or two parts of one day overlap), ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.orders.set_working_hours.v1"

    week: Week
    expected_revision: Revision | None = None


class HolidayView(View):
    """A day that is not as its weekday is: closed, or with hours of its own."""

    id: UUID
    day: date
    name: str
    hours: tuple[OpeningHours, ...]


class AddHoliday(Command[HolidayView]):
    """Without ``hours`` the day is closed. Refused: ``holiday_exists``, ``hours_invalid``."""

    subject: ClassVar[str] = "cmd.orders.add_holiday.v1"

    day: Day
    name: Name
    hours: Annotated[tuple[OpeningHours, ...], Field(max_length=10)] = ()


class RemoveHoliday(Command[Done]):
    """Refused: ``holiday_not_found``."""

    subject: ClassVar[str] = "cmd.orders.remove_holiday.v1"

    holiday_id: UUID


class ListHolidays(Question[Page[HolidayView]]):
    """By day, earliest first; of one year if it is named."""

    subject: ClassVar[str] = "ask.orders.holidays.v1"

    year: Annotated[int, Field(ge=1900, le=2199)] | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class ScheduleView(View):
    """``week`` null: works as the station does."""

    employee_id: UUID
    week: tuple[WeekdayHours, ...] | None
    revision: Revision


class GetSchedule(Question[ScheduleView]):
    """Refused: ``employee_not_found``."""

    subject: ClassVar[str] = "ask.orders.schedule.v1"

    employee_id: UUID


class SetSchedule(Command[ScheduleView]):
    """An employee's own week, or null for the station's. On a holiday with hours of its own both
    must be open. Refused: ``employee_not_found``, ``hours_invalid``, ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.orders.set_schedule.v1"

    employee_id: UUID
    week: Week | None
    expected_revision: Revision | None = None


class AbsenceView(View):
    """When an employee is away, or a post out of order: ``start <= t < end``."""

    id: UUID
    employee_id: UUID | None
    post_id: UUID | None
    kind: AbsenceKind
    start: Instant
    end: Instant
    comment: str | None


class AddAbsence(Command[AbsenceView]):
    """Of an employee (``vacation``, ``sick``, ``other``) or a post (``out_of_order``,
    ``other``). Bookings that it touches stay, and the panel shows them as conflicts.

    Refused: ``absence_of_whom``, ``employee_not_found``, ``post_not_found``, ``period_invalid``.
    """

    subject: ClassVar[str] = "cmd.orders.add_absence.v1"

    employee_id: UUID | None = None
    post_id: UUID | None = None
    kind: AbsenceKind
    start: Instant
    end: Instant
    comment: Text | None = None


class RemoveAbsence(Command[Done]):
    """Refused: ``absence_not_found``."""

    subject: ClassVar[str] = "cmd.orders.remove_absence.v1"

    absence_id: UUID


class ListAbsences(Question[Page[AbsenceView]]):
    """Those that touch the period, in the order in which they were entered."""

    subject: ClassVar[str] = "ask.orders.absences.v1"

    employee_id: UUID | None = None
    post_id: UUID | None = None
    start: Instant | None = None
    end: Instant | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


# --- bookings ----------------------------------------------------------------------------------


class BookingView(View):
    """An order holds a post, and perhaps a technician: ``start <= t < end``."""

    id: UUID
    order_id: UUID
    line_id: UUID | None
    """The one work that it is for; null: the order as a whole."""
    post_id: UUID
    technician_id: UUID | None
    start: Instant
    end: Instant
    overtime: bool
    state: BookingState
    carried_from: UUID | None
    revision: Revision


class BookPost(Command[BookingView]):
    """``end`` absent: the minutes planned for the order's works, or for that line, laid over the
    hours in which post and technician work. Outside them only with ``overtime``. Several
    bookings of one order may share a post; a technician is in one place.

    Refused: ``order_not_found``, ``order_closed``, ``line_not_found``, ``post_not_found``,
    ``employee_not_found``, ``employee_inactive``, ``period_invalid``, ``period_too_long``,
    ``booking_length_missing``, ``outside_working_hours``, ``technician_absent``,
    ``post_out_of_order``; ``post_taken`` and ``technician_taken`` name who holds it and when.
    """

    subject: ClassVar[str] = "cmd.orders.book_post.v1"

    order_id: UUID
    expected_revision: Revision | None = None
    """Of the order."""
    post_id: UUID
    technician_id: UUID | None = None
    start: Instant
    end: Instant | None = None
    line_id: UUID | None = None
    overtime: bool = False


class MoveBooking(Command[BookingView]):
    """To another time, post or technician (null: none). With a new ``start`` alone the working
    minutes stay what they were. Refused as ``BookPost``, and ``booking_not_found``,
    ``booking_over``; then nothing has changed."""

    subject: ClassVar[str] = "cmd.orders.move_booking.v1"

    booking_id: UUID
    expected_revision: Revision | None = None
    """Of the booking."""
    post_id: UUID | None = None
    technician_id: UUID | None = None
    start: Instant | None = None
    end: Instant | None = None
    overtime: bool | None = None


class RemoveBooking(Command[Done]):
    """Frees its post. Refused: ``booking_not_found``, ``booking_over``."""

    subject: ClassVar[str] = "cmd.orders.remove_booking.v1"

    booking_id: UUID
    expected_revision: Revision | None = None


class ListBookings(Question[Page[BookingView]]):
    """Of one order, in the order in which they were made."""

    subject: ClassVar[str] = "ask.orders.bookings.v1"

    order_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None


# --- the panel ---------------------------------------------------------------------------------


class SpanView(View):
    start: Instant
    end: Instant


class AwayView(SpanView):
    kind: AbsenceKind | None
    """Null for those who need not know why."""


class DayLoad(View):
    """One calendar day of the station. Planned time counts where it is worked: nights between
    two working days do not."""

    day: date
    capacity_minutes: int
    """Working hours without absences."""
    planned_minutes: int
    percent: int | None
    """Null: planned without any capacity."""
    overloaded: bool
    """More is planned than can be done: a warning."""


class LoadRow(View):
    """A post or a technician across the time shown."""

    id: UUID
    name: str
    section_id: UUID | None
    working: tuple[SpanView, ...]
    """Without the absences."""
    away: tuple[AwayView, ...]
    days: tuple[DayLoad, ...]


class SectionLoad(View):
    id: UUID
    name: str
    posts: tuple[LoadRow, ...]
    days: tuple[DayLoad, ...] = ()
    """Of all its posts together."""


class BarView(BookingView):
    """A booking as it is drawn, on its post's row and its technician's."""

    number: str
    order_status: OrderStatus
    line: str | None
    progress: Progress | None
    """Of that line."""
    caption: str
    colour: str
    """``#rrggbb`` or one of the names that the settings list."""
    fallback: tuple[Literal["caption", "colour"], ...]
    """Which of the two is the default because the formula gave nothing usable."""


class CarryOverOffer(View):
    """Unfinished work whose booked time is over."""

    booking: BookingView
    number: str
    caption: str
    line: str | None
    remaining_minutes: Minutes


class LoadConflict(View):
    """A booking in a time when its technician is away or its post out of order."""

    booking_id: UUID
    absence_id: UUID
    employee_id: UUID | None
    post_id: UUID | None
    start: Instant
    end: Instant
    """The time of both."""


class FormulaTrouble(View):
    """A formula that gave nothing usable, and on how many bars."""

    formula: Literal["caption", "colour"]
    bars: int
    problem_en: str
    problem_ru: str


class LoadView(View):
    """All that the panel needs for ``start <= t < end``."""

    start: Instant
    end: Instant
    time_zone: str
    sections: tuple[SectionLoad, ...]
    technicians: tuple[LoadRow, ...]
    bookings: tuple[BarView, ...]
    carry_over: tuple[CarryOverOffer, ...]
    conflicts: tuple[LoadConflict, ...]
    troubles: tuple[FormulaTrouble, ...]


class GetLoad(Question[LoadView]):
    """Without ``start`` from the beginning of today, without ``end`` one week; by at most 62
    days (``period_too_long``). Captions hide from the asker what the asker may not see."""

    subject: ClassVar[str] = "ask.orders.load.v1"

    start: Instant | None = None
    end: Instant | None = None
    section_id: UUID | None = None
    post_id: UUID | None = None
    employee_id: UUID | None = None
    language: Literal["ru", "en"] = "ru"


class CarriedOver(View):
    """The new booking; or why there is none (``booking_not_found``, ``booking_over``,
    ``order_closed``, ``work_finished``, ``booked_ahead``, ``no_free_time``), and the booking is
    as it was."""

    booking_id: UUID
    booking: BookingView | None = None
    code: str | None = None
    problem_en: str | None = None
    problem_ru: str | None = None


class CarryOverView(View):
    results: tuple[CarriedOver, ...]


class CarryOver(Command[CarryOverView]):
    """Books what is left of unfinished works on ``to`` (absent: the next day), or on the next
    working day after it: first free time of the same post and technician. Each booking has a
    result of its own. Refused as a whole: ``carry_over_past``."""

    subject: ClassVar[str] = "cmd.orders.carry_over.v1"

    booking_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=100)]
    to: Day | None = None


class LoadSettingsView(View):
    """The formulas of bars; revision 1: the defaults."""

    caption: str
    colour: str
    colours: tuple[str, ...]
    """Names that the colour formula may give, besides ``#rrggbb``."""
    revision: Revision


class GetLoadSettings(Question[LoadSettingsView]):
    subject: ClassVar[str] = "ask.orders.load_settings.v1"


class SetLoadSettings(Command[LoadSettingsView]):
    """A formula that is not named stays. Saved only if both evaluate on a sample order.

    Refused: ``formula_invalid``, ``colour_unknown``, ``revision_conflict``.
    """

    subject: ClassVar[str] = "cmd.orders.set_load_settings.v1"

    caption: FormulaText | None = None
    colour: FormulaText | None = None
    expected_revision: Revision | None = None


# --- events ------------------------------------------------------------------------------------


class BookingEvent(OrderEvent):
    """What every fact of a booking carries. It is about the booking, and belongs to the order."""

    booking_id: UUID
    line_id: UUID | None
    post_id: UUID
    technician_id: UUID | None
    start: Instant
    end: Instant

    def aggregate_id(self) -> UUID:
        return self.booking_id


class BookingMade(BookingEvent):
    """An order holds a post. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.booking_made.v1"

    carried_from: UUID | None = None


class BookingMoved(BookingEvent):
    """A booking has another time, post or technician; ``changes`` has old and new. Producer:
    orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.booking_moved.v1"


class BookingRemoved(BookingEvent):
    """A booking holds its post no longer. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.booking_removed.v1"

    reason: FreedBecause


class CalendarSaved(Event):
    """Working hours, a holiday, a schedule, an absence or the panel's formulas were saved or
    removed. ``id``: of the station, holiday, employee, absence or, for the formulas, the station.
    Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.calendar_saved.v1"

    kind: Literal["working_hours", "holiday", "schedule", "absence", "load_settings"]
    id: UUID
    name: str
    removed: bool = False

    def aggregate_id(self) -> UUID:
        return self.id
