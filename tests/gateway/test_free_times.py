"""When a post is free for a work, and what a line that is typed may be the beginning of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.gateway.pages.visits.free_times import free_days
from services.gateway.pages.visits.typed import looks_like
from shared.contracts.load import BarView, LoadRow, LoadView, SectionLoad, SpanView

MOSCOW = ZoneInfo("Europe/Moscow")
POST, OTHER, TECHNICIAN = UUID(int=1), UUID(int=2), UUID(int=3)


def at(day: int, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=MOSCOW)


def row(row_id: UUID, name: str, *spans: tuple[datetime, datetime]) -> LoadRow:
    working = tuple(SpanView(start=start, end=end) for start, end in spans)
    return LoadRow(id=row_id, name=name, section_id=None, working=working, away=(), days=())


def bar(post_id: UUID, start: datetime, end: datetime, technician: UUID | None = None) -> BarView:
    return BarView(
        id=UUID(int=9),
        order_id=UUID(int=9),
        line_id=None,
        post_id=post_id,
        technician_id=technician,
        start=start,
        end=end,
        overtime=False,
        state="planned",
        carried_from=None,
        revision=1,
        number="A-1",
        order_status="new",
        line=None,
        progress=None,
        caption="",
        colour="#000000",
        fallback=(),
    )


def load(*bookings: BarView) -> LoadView:
    """Two days of a post that works from ten to two, and of a technician from twelve on."""
    days = (27, 28)
    return LoadView(
        start=at(27, "00:00"),
        end=at(29, "00:00"),
        time_zone="Europe/Moscow",
        sections=(
            SectionLoad(
                id=UUID(int=8),
                name="Слесарный",
                posts=(
                    row(POST, "Пост 1", *((at(day, "10:00"), at(day, "14:00")) for day in days)),
                ),
            ),
        ),
        technicians=(
            row(TECHNICIAN, "Морозов", *((at(day, "12:00"), at(day, "18:00")) for day in days)),
        ),
        bookings=bookings,
        carry_over=(),
        conflicts=(),
        troubles=(),
    )


def times(
    view: LoadView,
    *,
    minutes: int = 60,
    technician: UUID | None = None,
    now: datetime | None = None,
) -> dict[int, list[str]]:
    now = now or at(27, "00:00")
    days = free_days(view, timedelta(minutes=minutes), technician, now.astimezone(UTC))
    return {
        each.day.day: [
            f"{start.astimezone(MOSCOW):%H:%M}" for post in each.posts for start in post.starts
        ]
        for each in days
    }


def test_a_work_fits_wherever_the_post_works_long_enough() -> None:
    found = times(load(), minutes=180)
    assert found == {27: ["10:00", "10:30", "11:00"], 28: ["10:00", "10:30", "11:00"]}
    assert free_days(load(), timedelta(hours=5), None, at(27, "00:00"))[0].times == 0
    assert free_days(load(), timedelta(hours=1), None, at(27, "00:00"))[0].day == date(2026, 11, 27)


def test_nothing_is_offered_where_the_post_is_taken() -> None:
    taken = load(
        bar(POST, at(27, "10:30"), at(27, "11:30")), bar(POST, at(27, "11:00"), at(27, "12:15"))
    )
    assert times(taken)[27] == ["12:30", "13:00"]
    assert times(taken, minutes=30)[27] == ["10:00", "12:30", "13:00", "13:30"]
    elsewhere = load(bar(OTHER, at(27, "10:00"), at(27, "14:00")))
    assert len(times(elsewhere)[27]) == 7


def test_the_technicians_own_hours_and_bookings_count_too() -> None:
    assert times(load(), technician=TECHNICIAN)[27] == ["12:00", "12:30", "13:00"]
    busy = load(bar(OTHER, at(27, "12:00"), at(27, "13:00"), TECHNICIAN))
    assert times(busy, technician=TECHNICIAN)[27] == ["13:00"]
    assert len(times(busy)[27]) == 7


def test_what_is_over_is_not_offered() -> None:
    assert times(load(), now=at(27, "12:10"))[27] == ["12:30", "13:00"]
    assert times(load(), now=at(27, "18:00"))[27] == []


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ("8 (916) 555-01-02", {"phones": "8 (916) 555-01-02"}),
        ("8 495 555-01-02 доб. 12", {"phones": "8 495 555-01-02 доб. 12"}),
        ("1234 x 7", {"plate": "1234 X 7"}),
        ("xta210990y2766389", {"vin": "XTA210990Y2766389"}),
        ("о555то77", {"plate": "О555ТО77"}),
        ("петров пётр  ильич", {"last_name": "Петров", "first_name": "Пётр Ильич"}),
    ],
)
def test_what_was_searched_for_begins_the_new_card(typed: str, fields: dict[str, str]) -> None:
    assert looks_like(typed) == fields


def test_a_day_without_working_hours_is_closed_and_one_without_a_free_time_is_not() -> None:
    taken = bar(POST, at(27, "10:00"), at(27, "14:00"))
    busy = load(taken)
    (full, other) = free_days(busy, timedelta(hours=1), None, at(27, "08:00"))
    assert (full.times, full.worked, other.worked) == (0, True, True)
    sections = tuple(
        section.model_copy(
            update={
                "posts": tuple(each.model_copy(update={"working": ()}) for each in section.posts)
            }
        )
        for section in busy.sections
    )
    closed = busy.model_copy(update={"sections": sections})
    assert [day.worked for day in free_days(closed, timedelta(hours=1), None, at(27, "08:00"))] == [
        False,
        False,
    ]
