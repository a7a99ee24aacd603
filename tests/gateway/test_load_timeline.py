"""A day of the load panel as a table: every quarter of an hour stands in exactly one cell of each
lane, and nothing that is booked is hidden behind something else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.pages.load.timeline import Row, Timeline, midnight, timeline
from shared.contracts.load import (
    AwayView,
    BarView,
    DayLoad,
    LoadConflict,
    LoadRow,
    LoadView,
    SectionLoad,
    SpanView,
)
from shared.ids import new_id

ZONE = ZoneInfo("Europe/Moscow")
DAY = date(2026, 11, 27)
SECTION, POST, OTHER_POST, TECHNICIAN = (new_id() for _ in range(4))


def at(hour: int, minute: int = 0) -> datetime:
    return midnight(DAY, ZONE) + timedelta(hours=hour, minutes=minute)


def booked(start: datetime, end: datetime, **fields: Any) -> BarView:
    named: dict[str, Any] = {
        "id": new_id(),
        "order_id": new_id(),
        "line_id": None,
        "post_id": POST,
        "technician_id": None,
        "start": start,
        "end": end,
        "overtime": False,
        "state": "planned",
        "carried_from": None,
        "revision": 1,
        "number": "A-000001",
        "order_status": "new",
        "line": None,
        "progress": None,
        "caption": "A-000001",
        "colour": "blue",
        "fallback": (),
    }
    return BarView(**{**named, **fields})


def a_row(row_id: UUID, name: str, *away: AwayView) -> LoadRow:
    load = DayLoad(day=DAY, capacity_minutes=540, planned_minutes=0, percent=0, overloaded=False)
    return LoadRow(
        id=row_id,
        name=name,
        section_id=SECTION,
        working=(SpanView(start=at(9), end=at(13)), SpanView(start=at(14), end=at(18))),
        away=away,
        days=(load,),
    )


def shown(
    *bookings: BarView,
    away: tuple[AwayView, ...] = (),
    conflicts: tuple[LoadConflict, ...] = (),
    now: datetime | None = None,
    people: bool = False,
) -> Timeline:
    posts = (a_row(POST, "Пост 1", *away), a_row(OTHER_POST, "Пост 2"))
    load = LoadView(
        start=at(0),
        end=at(24),
        time_zone="Europe/Moscow",
        sections=(SectionLoad(id=SECTION, name="Слесарный", posts=posts),),
        technicians=(a_row(TECHNICIAN, "Петров Иван"),),
        bookings=bookings,
        carry_over=(),
        conflicts=conflicts,
        troubles=(),
    )
    return timeline(load, DAY, ZONE, now or at(8), "people" if people else "posts", None)


def said(row: Row) -> list[list[tuple[str, int, int]]]:
    """Kinds with their quarters, alike neighbours as one."""
    lanes = []
    for lane in row.lanes:
        runs: list[tuple[str, int, int]] = []
        for cell in lane:
            if runs and runs[-1][0] == cell.kind != "bar":
                runs[-1] = (cell.kind, runs[-1][1], cell.last)
            else:
                runs.append((cell.kind, cell.first, cell.last))
        lanes.append(runs)
    return lanes


def test_a_day_has_the_hours_in_which_somebody_works_or_holds_a_post() -> None:
    usual = shown()
    assert (usual.first, usual.last) == (36, 72)
    assert [hour.astimezone(ZONE).hour for hour in usual.hours] == list(range(9, 18))
    late = shown(booked(at(19, 30), at(20, 10), overtime=True))
    assert (late.first, late.last) == (36, 84)
    (post, other) = late.groups[0].rows
    assert said(post) == [
        [
            ("free", 36, 52),
            ("closed", 52, 56),
            ("free", 56, 72),
            ("closed", 72, 78),
            ("bar", 78, 81),
            ("closed", 81, 84),
        ]
    ]
    assert other.bars == 0
    assert late.current is None
    assert shown(now=at(10, 59)).current == at(10)


def test_what_an_order_holds_twice_stands_below_each_other() -> None:
    order = new_id()
    first, second = (
        booked(at(10), at(12), order_id=order),
        booked(at(11), at(13), order_id=order),
    )
    row = shown(first, second).groups[0].rows[0]
    assert said(row) == [
        [("free", 36, 40), ("bar", 40, 48), ("free", 48, 52), ("closed", 52, 56), ("free", 56, 72)],
        [("free", 36, 44), ("bar", 44, 52), ("closed", 52, 56), ("free", 56, 72)],
    ]


def test_a_booking_over_midnight_is_cut_and_says_so() -> None:
    (cell,) = [
        cell
        for cell in shown(booked(at(-3), at(10, 7))).groups[0].rows[0].lanes[0]
        if cell.bar is not None
    ]
    assert (cell.first, cell.last, cell.at) == (0, 41, at(0))
    assert cell.bar
    assert (cell.bar.begins_before, cell.bar.ends_after) == (True, False)


def test_bars_say_what_is_wrong_with_them() -> None:
    late = booked(at(9), at(10))
    done = booked(at(10), at(11), order_status="done")
    finished = booked(at(11), at(12), progress="finished")
    sick = booked(at(15), at(16), colour="#123abc", technician_id=TECHNICIAN)
    conflict = LoadConflict(
        booking_id=sick.id,
        absence_id=new_id(),
        employee_id=TECHNICIAN,
        post_id=None,
        start=at(15),
        end=at(16),
    )
    line = shown(late, done, finished, sick, conflicts=(conflict,), now=at(14))
    bars = [cell.bar for cell in line.groups[0].rows[0].lanes[0] if cell.bar]
    assert [(bar.state, bar.conflict) for bar in bars] == [
        ("overdue", False),
        ("done", False),
        ("done", False),
        ("new", True),
    ]
    assert [bar.paint for bar in bars][2:] == ["#2f6fde", "#123abc"]


def test_technicians_have_rows_and_so_has_what_nobody_does() -> None:
    theirs = booked(at(9), at(10), technician_id=TECHNICIAN)
    nobodys = booked(at(9), at(10), post_id=OTHER_POST)
    line = shown(theirs, nobodys, people=True)
    assert [
        (row.row.name if row.row else None, row.bars) for group in line.groups for row in group.rows
    ] == [("Петров Иван", 1), (None, 1)]


def test_who_is_away_is_not_free() -> None:
    away = AwayView(start=at(12), end=at(15), kind="out_of_order")
    row = shown(away=(away,)).groups[0].rows[0]
    assert said(row) == [[("free", 36, 48), ("away", 48, 60), ("free", 60, 72)]]


@given(
    st.lists(
        st.tuples(st.integers(-300, 1700), st.integers(1, 700)),
        max_size=12,
    )
)
def test_every_quarter_is_in_one_cell_and_every_bar_is_whole(
    times: list[tuple[int, int]],
) -> None:
    start = midnight(DAY, ZONE)
    bookings = [
        booked(start + timedelta(minutes=first), start + timedelta(minutes=first + length))
        for first, length in times
    ]
    line = shown(*bookings)
    row = line.groups[0].rows[0]
    for lane in row.lanes:
        quarters = [quarter for cell in lane for quarter in range(cell.first, cell.last)]
        assert quarters == list(range(line.first, line.last))
    drawn = {cell.bar.booking.id for lane in row.lanes for cell in lane if cell.bar}
    assert drawn == {each.id for each in bookings if each.end > start and each.start < at(24)}


def test_on_the_days_when_clocks_are_changed_hours_are_those_of_the_wall() -> None:
    zone = ZoneInfo("Europe/Berlin")
    begin, end = midnight(date(2026, 3, 29), zone), midnight(date(2026, 3, 30), zone)
    assert end - begin == timedelta(hours=23)
    assert begin == datetime(2026, 3, 28, 23, tzinfo=UTC)
