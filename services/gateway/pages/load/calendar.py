"""When the station works, who works when, who is away, and what bars of the panel say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from starlette.responses import Response

from services.gateway.pages.forms import YEARS, today
from services.gateway.pages.load.panel import LOAD
from services.gateway.pages.load.timeline import midnight
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.problems import field_invalid
from shared.contracts.base import Page, Question
from shared.contracts.load import (
    AbsenceView,
    AddAbsence,
    AddHoliday,
    GetLoadSettings,
    GetSchedule,
    GetWorkingHours,
    HolidayView,
    ListAbsences,
    ListHolidays,
    OpeningHours,
    RemoveAbsence,
    RemoveHoliday,
    SetLoadSettings,
    SetSchedule,
    SetWorkingHours,
    WeekdayHours,
)
from shared.contracts.orders import ListEmployees, ListPosts

CALENDAR = LOAD + "/calendar"
WEEKDAYS = range(1, 8)
PARTS = (0, 1)
"""Of a day: before and after a break."""
AT_ONCE = 200


async def calendar(request: PageRequest) -> Response:
    """Holidays of this year and the next, or of ``?year=``; absences from today on."""
    hours, holidays, people, posts, absences, settings = await asyncio.gather(
        request.ask(GetWorkingHours()),
        request.ask(ListHolidays(year=_year(request), limit=AT_ONCE)),
        _every(request, ListEmployees),
        _every(request, ListPosts),
        _absences(request),
        request.ask(GetLoadSettings()),
    )
    return request.page(
        "load/calendar.html",
        hours=hours,
        parts=_parts(hours.week),
        holidays=holidays.items,
        year=_year(request),
        people={each.id: each.name for each in people},
        at_work=[each for each in people if each.active],
        posts={each.id: each.name for each in posts},
        absences=absences,
        settings=settings,
        weekdays=WEEKDAYS,
    )


async def person(request: PageRequest) -> Response:
    employee_id = request.id("employee_id")
    schedule, station, people = await asyncio.gather(
        request.ask(GetSchedule(employee_id=employee_id)),
        request.ask(GetWorkingHours()),
        _every(request, ListEmployees),
    )
    shown = station.week if schedule.week is None else schedule.week
    week = sorted(shown, key=lambda part: (part.weekday, part.opens))
    return request.page(
        "load/schedule.html",
        name=next(each.name for each in people if each.id == employee_id),
        schedule=schedule,
        own=schedule.week is not None,
        parts=_parts(week),
        shown=_in_short(part.model_dump() for part in week),
        weekdays=WEEKDAYS,
    )


def _year(request: PageRequest) -> int:
    said = request.query["year"]
    now = today(request.zone).year
    return int(said) if said.isdecimal() and len(said) == 4 and int(said) in YEARS else now


async def _every[ItemT](
    request: PageRequest, question: Callable[..., Question[Page[ItemT]]]
) -> list[ItemT]:
    found: list[ItemT] = []
    cursor: str | None = None
    while True:
        page = await request.ask(question(limit=AT_ONCE, cursor=cursor))
        found += page.items
        if not (cursor := page.next):
            return found


async def _absences(request: PageRequest) -> Page[AbsenceView]:
    """From today on; nothing for those who need not know."""
    if not request.may("ListAbsences"):
        return Page(items=())
    since = midnight(today(request.zone), request.zone)
    return await request.ask(request.reads(ListAbsences, start=since))


# --- a week as a form ----------------------------------------------------------------------------


def _parts(week: Iterable[WeekdayHours]) -> dict[int, list[OpeningHours | None]]:
    """Of each weekday, as many parts as the form has, or as there are."""
    parts: dict[int, list[OpeningHours | None]] = {weekday: [] for weekday in WEEKDAYS}
    for hours in week:
        parts[hours.weekday].append(hours)
    for of_day in parts.values():
        of_day.extend([None] * (len(PARTS) - len(of_day)))
    return parts


def _week(request: PageRequest) -> list[dict[str, Any]]:
    """What the form says: a part that is left empty is none. Raises ``request_invalid`` for a half
    one."""
    week = []
    for weekday in WEEKDAYS:
        for part in _hours(request, f"day.{weekday}."):
            week.append({"weekday": weekday, **part})
    return week


def _in_short(week: Iterable[dict[str, Any]]) -> str:
    """As a form carries it, to know afterwards whether anything was typed."""
    return ", ".join(f"{part['weekday']} {part['opens']}-{part['closes']}" for part in week)


def _hours(request: PageRequest, before: str) -> Iterable[dict[str, str]]:
    names = [name for name, _ in request.form.pairs if name.startswith(before)]
    for name in names:
        if not name.endswith(".opens"):
            continue
        other = name.removesuffix("opens") + "closes"
        opens, closes = request.form.get(name).strip(), request.form.get(other).strip()
        if bool(opens) != bool(closes):
            raise field_invalid(other if opens else name, "hours_half")
        if opens:
            yield {"opens": opens.zfill(5), "closes": closes.zfill(5)}


# --- what is changed there -----------------------------------------------------------------------


async def set_hours(request: PageRequest) -> Response:
    await request.send(request.form.message(SetWorkingHours, week=_week(request)))
    return _saved(request)


async def add_holiday(request: PageRequest) -> Response:
    hours = list(_hours(request, "hours."))
    holiday: HolidayView = await request.send(request.form.message(AddHoliday, hours=hours))
    return request.go(f"{CALENDAR}?year={holiday.day.year}", said=request._("Saved"))


async def remove_holiday(request: PageRequest) -> Response:
    await request.send(RemoveHoliday(holiday_id=request.id("holiday_id")))
    return _saved(request)


async def set_schedule(request: PageRequest) -> Response:
    """Their own week, or the station's. Raises ``request_invalid`` for hours that were typed where
    the station's are chosen: they would be dropped."""
    employee_id = request.id("employee_id")
    week = _week(request)
    said = request.form.message(SetSchedule, employee_id=employee_id, week=week)
    if request.form.get("own") != "true":
        # With what the form showed: somebody else may have changed the station's hours since.
        if _in_short(week) != request.form.get("shown"):
            raise field_invalid("own", "hours_without_choice")
        said = said.model_copy(update={"week": None})
    await request.send(said)
    return _saved(request)


async def add_absence(request: PageRequest) -> Response:
    """Of whom: ``employee:ID`` or ``post:ID``."""
    kind, _, whose = request.form.get("whose").partition(":")
    of: dict[str, Any] = {"post_id" if kind == "post" else "employee_id": whose or None}
    await request.send(request.form.message(AddAbsence, **of))
    return _saved(request)


async def remove_absence(request: PageRequest) -> Response:
    await request.send(RemoveAbsence(absence_id=request.id("absence_id")))
    return _saved(request)


async def set_settings(request: PageRequest) -> Response:
    await request.send(request.form.message(SetLoadSettings))
    return _saved(request)


def _saved(request: PageRequest) -> Response:
    return request.go(CALENDAR, said=request._("Saved"))


PAGES = (
    show(CALENDAR, calendar, needs=GetWorkingHours),
    show(CALENDAR + "/people/{employee_id}", person, needs=SetSchedule),
    act(CALENDAR + "/hours", set_hours, needs=SetWorkingHours),
    act(CALENDAR + "/holidays", add_holiday, needs=AddHoliday),
    act(CALENDAR + "/holidays/{holiday_id}/remove", remove_holiday, needs=RemoveHoliday),
    act(CALENDAR + "/people/{employee_id}", set_schedule, needs=SetSchedule),
    act(CALENDAR + "/absences", add_absence, needs=AddAbsence),
    act(CALENDAR + "/absences/{absence_id}/remove", remove_absence, needs=RemoveAbsence),
    act(CALENDAR + "/settings", set_settings, needs=SetLoadSettings),
)
