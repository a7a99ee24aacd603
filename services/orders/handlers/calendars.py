"""When the station works: its hours and holidays, its people's weeks, and who is away."""

from __future__ import annotations

from datetime import UTC, date
from typing import Literal
from uuid import UUID

from services.orders.domain.planning.hours import DEFAULT_WEEK, ensure_hours, ensure_week
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.tables import employees, posts
from shared.contracts.base import Change, Done, Page
from shared.contracts.load import (
    AbsenceView,
    AddAbsence,
    AddHoliday,
    CalendarSaved,
    GetSchedule,
    GetWorkingHours,
    HolidayView,
    ListAbsences,
    ListHolidays,
    RemoveAbsence,
    RemoveHoliday,
    ScheduleView,
    SetSchedule,
    SetWorkingHours,
    WorkingHoursView,
)
from shared.edits import changes_between, named_fields
from shared.handlers import Work
from shared.pagination import keys_of, page_of
from shared.refusals import Refused, ensure_revision


@handlers.question(GetWorkingHours)
async def working_hours(
    question: GetWorkingHours, store: OrdersStore, work: Work
) -> WorkingHoursView:
    week, revision = await store.calendars.week(work.settings.station_id)
    return WorkingHoursView(
        time_zone=work.settings.time_zone,
        week=DEFAULT_WEEK if week is None else week,
        revision=revision,
    )


@handlers.command(SetWorkingHours)
async def set_working_hours(
    command: SetWorkingHours, store: OrdersStore, work: Work
) -> WorkingHoursView:
    ensure_week(command.week)
    station_id, name = work.settings.station_id, work.settings.station_name
    before = await working_hours(GetWorkingHours(), store, work)
    return await _set_week("working_hours", station_id, name, before, command, store, work)


@handlers.question(GetSchedule)
async def schedule(question: GetSchedule, store: OrdersStore, work: Work) -> ScheduleView:
    await store.places.get(employees, question.employee_id)
    week, revision = await store.calendars.week(question.employee_id)
    return ScheduleView(employee_id=question.employee_id, week=week, revision=revision)


@handlers.command(SetSchedule)
async def set_schedule(command: SetSchedule, store: OrdersStore, work: Work) -> ScheduleView:
    employee = await store.places.get(employees, command.employee_id)
    ensure_week(command.week or ())
    name = f"{employee.last_name} {employee.first_name}"
    week, revision = await store.calendars.week(employee.id)
    before = ScheduleView(employee_id=employee.id, week=week, revision=revision)
    return await _set_week("schedule", employee.id, name, before, command, store, work)


async def _set_week[ViewT: (WorkingHoursView, ScheduleView)](
    kind: Literal["working_hours", "schedule"],
    owner_id: UUID,
    name: str,
    before: ViewT,
    command: SetWorkingHours | SetSchedule,
    store: OrdersStore,
    work: Work,
) -> ViewT:
    ensure_revision(command.expected_revision, before.revision)
    fields = named_fields(command, "employee_id")
    after = before.model_copy(update=fields)
    changes = changes_between(before, after, fields)
    if not changes:
        return before
    revision = await store.calendars.set_week(owner_id, command.week, before.revision)
    work.publish(CalendarSaved(kind=kind, id=owner_id, name=name, changes=changes))
    return after.model_copy(update={"revision": revision})


@handlers.question(ListHolidays)
async def list_holidays(
    question: ListHolidays, store: OrdersStore, work: Work
) -> Page[HolidayView]:
    after = keys_of(question.cursor, tuple[date])[0] if question.cursor else None
    found = await store.calendars.list_holidays(question.year, question.limit + 1, after)
    return page_of(found, question.limit, lambda view: view, lambda view: (view.day,))


@handlers.command(AddHoliday)
async def add_holiday(command: AddHoliday, store: OrdersStore, work: Work) -> HolidayView:
    ensure_hours(command.hours, str(command.day))
    holiday = HolidayView(id=work.new_id(), day=command.day, name=command.name, hours=command.hours)
    await store.calendars.add_holiday(holiday)
    work.publish(_holiday_saved(holiday, Change(field="hours", old=None, new=holiday.hours)))
    return holiday


@handlers.command(RemoveHoliday)
async def remove_holiday(command: RemoveHoliday, store: OrdersStore, work: Work) -> Done:
    holiday = await store.calendars.remove_holiday(command.holiday_id)
    change = Change(field="hours", old=holiday.hours, new=None)
    work.publish(_holiday_saved(holiday, change, removed=True))
    return Done()


@handlers.question(ListAbsences)
async def list_absences(
    question: ListAbsences, store: OrdersStore, work: Work
) -> Page[AbsenceView]:
    if question.start and question.end and question.end < question.start:
        raise Refused("period_invalid")
    found = await store.calendars.list_absences(question)
    return page_of(found, question.limit, lambda view: view, lambda view: (view.id,))


@handlers.command(AddAbsence)
async def add_absence(command: AddAbsence, store: OrdersStore, work: Work) -> AbsenceView:
    if (command.employee_id is None) == (command.post_id is None):
        raise Refused("absence_of_whom")
    if command.end <= command.start:
        raise Refused("period_invalid")
    absence = AbsenceView(
        id=work.new_id(),
        employee_id=command.employee_id,
        post_id=command.post_id,
        kind=command.kind,
        start=command.start.astimezone(UTC),
        end=command.end.astimezone(UTC),
        comment=command.comment,
    )
    saved = await _absence_saved(absence, store)
    await store.calendars.add_absence(absence)
    work.publish(saved)
    return absence


@handlers.command(RemoveAbsence)
async def remove_absence(command: RemoveAbsence, store: OrdersStore, work: Work) -> Done:
    absence = await store.calendars.remove_absence(command.absence_id)
    work.publish(await _absence_saved(absence, store, removed=True))
    return Done()


def _holiday_saved(holiday: HolidayView, change: Change, *, removed: bool = False) -> CalendarSaved:
    name = f"{holiday.day} {holiday.name}"
    return CalendarSaved(
        kind="holiday", id=holiday.id, name=name, removed=removed, changes=(change,)
    )


async def _absence_saved(
    absence: AbsenceView, store: OrdersStore, *, removed: bool = False
) -> CalendarSaved:
    """Raises ``employee_not_found`` or ``post_not_found``."""
    if absence.employee_id:
        employee = await store.places.get(employees, absence.employee_id)
        name = f"{employee.last_name} {employee.first_name}"
    else:
        assert absence.post_id
        name = (await store.places.get(posts, absence.post_id)).name
    said = absence.model_dump(mode="json", exclude={"id", "employee_id", "post_id"})
    change = Change(field="absence", old=said if removed else None, new=None if removed else said)
    return CalendarSaved(
        kind="absence", id=absence.id, name=name, removed=removed, changes=(change,)
    )
