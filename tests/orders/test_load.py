"""The panel in one answer: rows, bars, load per day, conflicts, and the formulas of bars."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy import event as sql_event

from shared.contracts.base import Command
from shared.contracts.load import (
    AddAbsence,
    AddHoliday,
    BookPost,
    CarryOver,
    GetLoad,
    GetLoadSettings,
    GetSchedule,
    GetWorkingHours,
    ListAbsences,
    ListHolidays,
    RemoveAbsence,
    RemoveHoliday,
    SetLoadSettings,
    SetSchedule,
    SetWorkingHours,
    WeekdayHours,
)
from shared.contracts.orders import AddService, ChangeEmployee
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.orders.at_the_panel import ZONE, Bays, at, events_of, open_bays
from tests.support.day import Station

TECHNICIAN = Actor("technician", "technician", new_id())


@pytest.fixture
async def bays(station: Station) -> Bays:
    return await open_bays(station)


# --- rows and their load -----------------------------------------------------------------------


async def test_every_post_and_technician_has_a_row_with_its_hours_and_load(bays: Bays) -> None:
    order = await bays.order()
    technician = bays.technicians[0]
    await bays.book(order.id, at(16), at(11, days=8), technician_id=technician.id)
    load = await bays.load(end=at(0, days=9))
    (section,) = load.sections
    assert [post.name for post in section.posts] == ["Пост 1", "Пост 2"]
    assert [row.name for row in load.technicians] == ["Петров Иван", "Сидоров Иван"]
    for row in (section.posts[0], load.technicians[0]):
        assert [(span.start, span.end) for span in row.working] == [
            (at(9, days=days), at(18, days=days)) for days in (7, 8)
        ]
        # The night between does not count.
        assert [day.planned_minutes for day in row.days] == [120, 120]
        assert [day.capacity_minutes for day in row.days] == [540, 540]
        assert [day.percent for day in row.days] == [22, 22]
    assert [day.planned_minutes for day in section.posts[1].days] == [0, 0]
    assert [
        (day.planned_minutes, day.capacity_minutes, day.percent, day.overloaded)
        for day in section.days
    ] == [(120, 1080, 11, False)] * 2
    assert [day.day for day in section.posts[0].days] == [
        at(9, days=days).astimezone(ZONE).date() for days in (7, 8)
    ]
    (bar,) = load.bookings
    assert (bar.post_id, bar.technician_id) == (bays.posts[0].id, technician.id)
    assert (bar.number, bar.order_status, bar.line) == (order.number, "new", None)
    assert (load.time_zone, load.troubles) == ("Europe/Moscow", ())


async def test_a_technician_with_more_work_than_time_is_a_warning(bays: Bays) -> None:
    technician = bays.technicians[0].id
    order = await bays.order()
    await bays.book(order.id, at(9), at(18), technician_id=technician)
    await bays.station.send(
        AddAbsence(employee_id=technician, kind="sick", start=at(0), end=at(13, 30))
    )
    load = await bays.load()
    (day,) = load.technicians[0].days
    assert (day.planned_minutes, day.capacity_minutes, day.percent) == (540, 270, 200)
    assert day.overloaded
    assert not load.technicians[1].days[0].overloaded
    (conflict,) = load.conflicts
    assert conflict.employee_id == technician
    assert (conflict.start, conflict.end) == (at(9), at(13, 30))
    # Overtime counts in full; and on a day without any hours it is more than all.
    await bays.station.send(AddHoliday(day=at(9, days=9).astimezone(ZONE).date(), name="Выходной"))
    await bays.book(
        order.id, at(10, days=9), at(12, days=9), technician_id=technician, overtime=True
    )
    load = await bays.load(start=at(0, days=9), end=at(0, days=10))
    (day,) = load.technicians[0].days
    assert (day.planned_minutes, day.capacity_minutes, day.percent) == (120, 0, None)
    assert day.overloaded


async def test_a_post_out_of_order_has_less_time(bays: Bays) -> None:
    post = bays.posts[0].id
    absence = await bays.station.send(
        AddAbsence(post_id=post, kind="out_of_order", start=at(12), end=at(0, days=30))
    )
    row = (await bays.load()).sections[0].posts[0]
    assert [(span.start, span.end) for span in row.working] == [(at(9), at(12))]
    assert [(away.start, away.end, away.kind) for away in row.away] == [
        (at(12), at(0, days=8), "out_of_order")
    ]
    await bays.station.send(RemoveAbsence(absence_id=absence.id))
    assert (await bays.load()).sections[0].posts[0].away == ()


async def test_why_somebody_is_away_is_for_reception(bays: Bays) -> None:
    technician = bays.technicians[0].id
    await bays.station.send(
        AddAbsence(employee_id=technician, kind="sick", start=at(0), end=at(12))
    )
    kinds = [
        (await bays.load(actor=actor) if actor else await bays.load()).technicians[0].away[0].kind
        for actor in (None, TECHNICIAN)
    ]
    assert kinds == ["sick", None]


async def test_the_panel_narrows_to_a_section_a_post_or_a_person(bays: Bays) -> None:
    other = await open_bays(bays.station)
    orders = [await bays.order() for _ in range(2)]
    technician = bays.technicians[0].id
    first = await bays.book(orders[0].id, at(10), at(12), technician_id=technician)
    second = await bays.book(orders[1].id, at(10), at(12), post_id=bays.posts[1].id)
    elsewhere = await bays.book(
        orders[1].id, at(14), at(15), post_id=other.posts[0].id, technician_id=technician
    )
    whole = await bays.load()
    assert len(whole.sections) == 2
    assert len(whole.technicians) == 4

    section = await bays.load(section_id=bays.section_id)
    assert [each.id for each in section.sections] == [bays.section_id]
    assert {bar.id for bar in section.bookings} == {first.id, second.id}
    # A row's load is all of its load, wherever the work is.
    assert section.technicians[0].days[0].planned_minutes == 180

    post = await bays.load(post_id=bays.posts[1].id)
    assert [row.id for each in post.sections for row in each.posts] == [bays.posts[1].id]
    assert [bar.id for bar in post.bookings] == [second.id]
    assert post.technicians == ()

    person = await bays.load(employee_id=technician)
    assert {bar.id for bar in person.bookings} == {first.id, elsewhere.id}
    assert [row.id for row in person.technicians] == [technician]
    assert {row.id for each in person.sections for row in each.posts} == {
        bays.posts[0].id,
        other.posts[0].id,
    }


async def test_whoever_left_has_a_row_only_while_something_is_booked(bays: Bays) -> None:
    first, second = (each.id for each in bays.technicians)
    await bays.book((await bays.order()).id, at(10), at(11), technician_id=first)
    for technician in (first, second):
        await bays.station.send(ChangeEmployee(employee_id=technician, active=False))
    assert [row.id for row in (await bays.load()).technicians] == [first]


async def test_without_a_time_it_is_a_week_from_today(bays: Bays) -> None:
    load = await bays.station.ask(GetLoad())
    assert (load.start, load.end) == (at(0, days=0), at(0))
    for fields, code in (
        ({"start": at(0), "end": at(0)}, "period_invalid"),
        ({"start": at(0), "end": at(0, days=70)}, "period_too_long"),
    ):
        with pytest.raises(Refused, match=code):
            await bays.station.ask(GetLoad(**fields))


async def test_the_number_of_statements_does_not_depend_on_the_number_of_bookings(
    bays: Bays,
) -> None:
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    async def counted() -> int:
        # Thrice: what runs beside it now and then is not a part of the answer.
        counts = []
        for _ in range(3):
            await bays.station.settle_down()
            statements.clear()
            await bays.load()
            counts.append(len(statements))
        return min(counts)

    for days in (7, -1):
        await bays.book((await bays.order()).id, at(9, days=days), at(10, days=days))
    sql_event.listen(Engine, "before_cursor_execute", note)
    try:
        few = await counted()
        for hour in range(10, 18):
            for post in bays.posts:
                order = await bays.order()
                await bays.book(order.id, at(hour), at(hour + 1), post_id=post.id)
            await bays.book((await bays.order()).id, at(hour, days=-1), at(hour + 1, days=-1))
        many = await counted()
    finally:
        sql_event.remove(Engine, "before_cursor_execute", note)
    assert many == few
    assert few <= 25


# --- captions and colours ----------------------------------------------------------------------


async def test_bars_are_captioned_and_coloured_by_the_chains_formulas(bays: Bays) -> None:
    order = await bays.order()
    order = await bays.station.send(
        AddService(order_id=order.id, name="Развал", initial_price=Decimal(900))
    )
    await bays.book(
        order.id,
        at(10),
        at(12),
        line_id=order.services[0].id,
        technician_id=bays.technicians[0].id,
    )
    saved = await bays.station.send(
        SetLoadSettings(
            caption='BookedWork + ", " + BookedTechnician + ", " + TotalMoney',
            colour='"#ff8800" if TotalMoney > 500 else "green"',
            expected_revision=1,
        )
    )
    assert saved.revision == 2
    (bar,) = (await bays.load()).bookings
    assert (bar.caption, bar.colour) == ("Развал, Петров Иван, 900,00", "#ff8800")
    assert (bar.line, bar.progress, bar.fallback) == ("Развал", "planned", ())
    (bar,) = (await bays.load(language="en")).bookings
    assert bar.caption == "Развал, Петров Иван, 900.00"
    with pytest.raises(Refused, match="revision_conflict"):
        await bays.station.send(SetLoadSettings(caption="Number", expected_revision=1))
    event = (await events_of(bays.station, "evt.orders.calendar_saved.v1"))[-1]
    assert {change["field"] for change in event["body"]["changes"]} == {
        "load_caption",
        "load_colour",
    }


@pytest.mark.parametrize(
    "formula",
    [
        "Nomber",
        "__import__('os').system('true')",
        "Number.__class__.__mro__",
        "9 ** 9 ** 9",
        "[x for x in Services]",
        "Services",
        "Number +",
        "1 / 0",
        '"a" * 1000000',
        "(" * 500 + "1" + ")" * 500,
    ],
)
async def test_a_formula_that_cannot_be_used_is_refused_and_the_old_one_stays(
    bays: Bays, formula: str
) -> None:
    before = await bays.station.ask(GetLoadSettings())
    for field in ("caption", "colour"):
        with pytest.raises(Refused, match="formula_invalid") as refusal:
            await bays.station.send(SetLoadSettings(**{field: formula}))
        assert refusal.value.params["field"] == field
    assert await bays.station.ask(GetLoadSettings()) == before


async def test_a_colour_that_nobody_knows_is_refused(bays: Bays) -> None:
    for colour in ('"ultraviolet"', '"#12"', "Number", '"red; background: url(x)"'):
        with pytest.raises(Refused, match="colour_unknown"):
            await bays.station.send(SetLoadSettings(colour=colour))


async def test_where_a_formula_gives_nothing_the_default_stands_and_that_is_said(
    bays: Bays,
) -> None:
    order = await bays.order()
    await bays.book(order.id, at(10), at(12))
    # Well on the sample, and not on an order without works.
    await bays.station.send(
        SetLoadSettings(
            caption="first(Services).Name",
            colour='"red" if TotalMoney / count(Services) > 1 else "green"',
        )
    )
    load = await bays.load()
    (bar,) = load.bookings
    assert (bar.caption, bar.colour) == (order.number, "blue")
    assert set(bar.fallback) == {"caption", "colour"}
    troubles = {each.formula: each for each in load.troubles}
    assert troubles["caption"].bars == troubles["colour"].bars == 1
    assert troubles["colour"].problem_en == "Division by zero"
    assert troubles["caption"].problem_ru == "Формула не дала текста"


async def test_a_technicians_captions_hide_what_a_technician_may_not_see(bays: Bays) -> None:
    await bays.book((await bays.order()).id, at(10), at(12))
    await bays.station.send(
        SetLoadSettings(caption='Number + " " + ("-" if Margin == null else "profit")')
    )
    (bar,) = (await bays.load(actor=TECHNICIAN)).bookings
    assert bar.caption.endswith(" -")


# --- the station's calendar --------------------------------------------------------------------


async def test_hours_of_station_and_people_are_saved_with_a_revision(bays: Bays) -> None:
    station, technician = bays.station, bays.technicians[0].id
    hours = await station.ask(GetWorkingHours())
    assert (hours.revision, len(hours.week)) == (2, 7)
    with pytest.raises(Refused, match="revision_conflict"):
        await station.send(SetWorkingHours(week=(), expected_revision=1))
    closed = await station.send(SetWorkingHours(week=(), expected_revision=2))
    assert (closed.week, closed.revision) == ((), 3)

    assert (await station.ask(GetSchedule(employee_id=technician))).week is None
    monday = (WeekdayHours(weekday=1, opens="12:00", closes="24:00"),)
    own = await station.send(SetSchedule(employee_id=technician, week=monday, expected_revision=1))
    assert (await station.ask(GetSchedule(employee_id=technician))) == own
    back = await station.send(SetSchedule(employee_id=technician, week=None))
    assert (back.week, back.revision) == (None, 3)
    with pytest.raises(Refused, match="employee_not_found"):
        await station.send(SetSchedule(employee_id=new_id(), week=None))
    with pytest.raises(Refused, match="hours_invalid"):
        await station.send(
            SetWorkingHours(week=(WeekdayHours(weekday=1, opens="18:00", closes="09:00"),))
        )


async def test_what_is_said_as_it_was_is_no_edit(bays: Bays) -> None:
    station, technician = bays.station, bays.technicians[0].id
    hours = await station.ask(GetWorkingHours())
    settings = await station.ask(GetLoadSettings())
    told = len(await events_of(station, "evt.orders.calendar_saved.v1"))
    assert await station.send(SetWorkingHours(week=hours.week)) == hours
    own = await station.send(SetSchedule(employee_id=technician, week=None))
    assert own == await station.ask(GetSchedule(employee_id=technician))
    assert own.revision == 1
    assert await station.send(SetLoadSettings(caption=settings.caption)) == settings
    assert await station.ask(GetWorkingHours()) == hours
    assert await station.ask(GetLoadSettings()) == settings
    assert len(await events_of(station, "evt.orders.calendar_saved.v1")) == told


async def test_holidays_are_listed_by_day_and_none_is_entered_twice(bays: Bays) -> None:
    days = [date(2027, 5, 9), date(2027, 1, 1), date(2028, 1, 1)]
    made = [await bays.station.send(AddHoliday(day=day, name="Праздник")) for day in days]
    with pytest.raises(Refused, match="holiday_exists"):
        await bays.station.send(AddHoliday(day=days[0], name="Ещё раз"))
    first = await bays.station.ask(ListHolidays(limit=2))
    rest = await bays.station.ask(ListHolidays(limit=2, cursor=first.next))
    assert [each.day for each in (*first.items, *rest.items)] == sorted(days)
    of_year = await bays.station.ask(ListHolidays(year=2027))
    assert [each.id for each in of_year.items] == [made[1].id, made[0].id]
    await bays.station.send(RemoveHoliday(holiday_id=made[0].id))
    with pytest.raises(Refused, match="holiday_not_found"):
        await bays.station.send(RemoveHoliday(holiday_id=made[0].id))


async def test_absences_are_of_one_person_or_one_post(bays: Bays) -> None:
    technician, post = bays.technicians[0].id, bays.posts[0].id
    both: dict[str, Any] = {"employee_id": technician, "post_id": post}
    for whom in ({}, both):
        with pytest.raises(Refused, match="absence_of_whom"):
            await bays.station.send(AddAbsence(**whom, kind="other", start=at(9), end=at(10)))
    with pytest.raises(Refused, match="period_invalid"):
        await bays.station.send(AddAbsence(post_id=post, kind="other", start=at(9), end=at(9)))
    for field, code in (("employee_id", "employee_not_found"), ("post_id", "post_not_found")):
        with pytest.raises(Refused, match=code):
            await bays.station.send(
                AddAbsence(**{field: new_id()}, kind="other", start=at(9), end=at(10))
            )
    absence = await bays.station.send(
        AddAbsence(employee_id=technician, kind="vacation", start=at(9), end=at(10))
    )
    wanted: tuple[tuple[dict[str, Any], int], ...] = (
        ({}, 1),
        ({"employee_id": technician}, 1),
        ({"post_id": post}, 0),
        ({"start": at(10)}, 0),
        ({"end": at(9)}, 0),
        ({"start": at(9, 59), "end": at(12)}, 1),
    )
    for fields, found in wanted:
        page = await bays.station.ask(ListAbsences(**fields))
        assert [each.id for each in page.items] == [absence.id] * found, fields
    await bays.station.send(RemoveAbsence(absence_id=absence.id))
    with pytest.raises(Refused, match="absence_not_found"):
        await bays.station.send(RemoveAbsence(absence_id=absence.id))


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        ("technician", {SetWorkingHours, SetLoadSettings, BookPost, CarryOver, ListAbsences}),
        ("advisor", {SetWorkingHours, SetLoadSettings}),
        ("administrator", set()),
    ],
)
async def test_who_may_do_what_with_the_panel(
    bays: Bays, role: str, refused: set[type[Any]]
) -> None:
    actor = Actor(role, role, new_id())
    order = await bays.order()
    said: list[Command[Any]] = [
        SetWorkingHours(week=()),
        SetLoadSettings(caption="Number"),
        BookPost(
            order_id=order.id, post_id=bays.posts[0].id, start=at(9), end=at(10), overtime=True
        ),
        CarryOver(booking_ids=(new_id(),)),
    ]
    forbidden: set[Any] = set()
    for message in said:
        try:
            await bays.station.send(message, actor=actor)
        except Refused as refusal:
            forbidden.add(type(message) if refusal.code == "forbidden" else refusal.code)
    try:
        await bays.station.ask(ListAbsences(), actor=actor)
    except Refused:
        forbidden.add(ListAbsences)
    assert forbidden == refused
    assert (await bays.load(actor=actor)).start == at(0)
