"""From wall clocks to instants: weeks, holidays and absences as spans of time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from services.orders.domain.planning.spans import Span, common, merged, within
from shared.contracts.load import OpeningHours, WeekdayHours
from shared.refusals import Refused

DAY = timedelta(days=1)
BEGIN, END = "00:00", "24:00"
"""Of a day, on the wall clock."""

DEFAULT_WEEK = tuple(
    WeekdayHours(weekday=weekday, opens="09:00", closes="20:00") for weekday in range(1, 7)
)
"""Monday to Saturday: what holds until the station has said its hours."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The station's own time. ``special`` days are not as their weekdays are."""

    zone: ZoneInfo
    week: Sequence[WeekdayHours]
    special: Mapping[date, Sequence[OpeningHours]] = field(default_factory=dict)

    def open(self, window: Span, own_week: Sequence[WeekdayHours] | None = None) -> list[Span]:
        """When there is work in ``window``: by the station's week, or by an employee's own. On a
        special day an employee with a week of the own works while both are open."""
        week = _by_weekday(self.week if own_week is None else own_week)
        opened: list[Span] = []
        for day in days_of(window, self.zone):
            usual = self._spans(day, week.get(day.isoweekday(), ()))
            if day in self.special:
                hours = self._spans(day, self.special[day])
                usual = hours if own_week is None else common(usual, hours)
            opened += usual
        return list(within(merged(opened), window))

    def day(self, day: date) -> Span:
        """From one midnight to the next: 23 or 25 hours when the clocks are changed."""
        return Span(instant(day, BEGIN, self.zone), instant(day, END, self.zone))

    def date_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _spans(self, day: date, hours: Iterable[OpeningHours]) -> list[Span]:
        return merged(
            Span(instant(day, each.opens, self.zone), instant(day, each.closes, self.zone))
            for each in hours
        )


def days_of(window: Span, zone: ZoneInfo) -> list[date]:
    """The calendar days that the window touches."""
    first = window.start.astimezone(zone).date()
    last = (window.end - timedelta.resolution).astimezone(zone).date()
    return [first + DAY * number for number in range((last - first).days + 1)]


def instant(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """A wall clock's ``HH:MM`` as an instant. One that the clocks jump over is as much later as
    they jump; of one that comes twice it is the first."""
    if clock == END:
        day, clock = day + DAY, BEGIN
    hour, minute = map(int, clock.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


def told(moment: datetime, zone: ZoneInfo) -> str:
    """For people, on the station's clock."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def ensure_week(week: Iterable[WeekdayHours]) -> None:
    """Raises ``Refused("hours_invalid")``."""
    for weekday, hours in _by_weekday(week).items():
        ensure_hours(hours, str(weekday))


def ensure_hours(hours: Iterable[OpeningHours], day: str) -> None:
    """Of one day: each closes after it opens, and none overlaps another. Raises
    ``Refused("hours_invalid")``."""
    ordered = sorted(hours, key=lambda each: (each.opens, each.closes))
    for each in ordered:
        # Written as HH:MM, times are in order as words are.
        if each.closes <= each.opens:
            raise Refused("hours_invalid", day=day, opens=each.opens, closes=each.closes)
    for earlier, later in pairwise(ordered):
        if later.opens < earlier.closes:
            raise Refused("hours_invalid", day=day, opens=later.opens, closes=later.closes)


def _by_weekday(week: Iterable[WeekdayHours]) -> dict[int, list[WeekdayHours]]:
    days: dict[int, list[WeekdayHours]] = {}
    for hours in week:
        days.setdefault(hours.weekday, []).append(hours)
    return days
