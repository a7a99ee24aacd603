"""One day of the panel as a table: a row for each post or technician, a column for each quarter of
an hour. A table, because so it is read aloud, printed, and looked at without scripts, too.

Rows are laid out in lanes, a lane being one line of cells: bookings that share a quarter (one
order may have two on a post) stand below each other. Columns count from the day's midnight.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.contracts.load import AwayView, BarView, DayLoad, LoadRow, LoadView

QUARTER = timedelta(minutes=15)
PER_HOUR = 4
FREE_CELL = 2
"""Quarters: what is free is offered by the half hour."""
USUAL = (9 * PER_HOUR, 18 * PER_HOUR)
"""Shown of a day on which nobody works and nothing is booked."""

type Kind = Literal["free", "closed", "away", "bar"]
type View = Literal["posts", "people"]
COLOURS = {
    "amber": "#d98a00",
    "blue": "#2f6fde",
    "brown": "#8a5a34",
    "cyan": "#0e9fb8",
    "gray": "#7c8794",
    "green": "#2f9e54",
    "indigo": "#4b58d6",
    "lime": "#74a80f",
    "orange": "#e8700a",
    "pink": "#d6437f",
    "purple": "#9242c4",
    "red": "#d43434",
    "teal": "#0f9b84",
    "yellow": "#d1ac00",
}
"""The names that the colour formula may give, as they are painted."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A booking in its place of this day: ``first <= quarter < last``."""

    booking: BarView
    first: int
    last: int
    begins_before: bool
    ends_after: bool
    overdue: bool
    conflict: bool

    @property
    def paint(self) -> str:
        return COLOURS.get(self.booking.colour, self.booking.colour)

    @property
    def state(self) -> str:
        """What is to be said of it: how far the booking, its work or its order is."""
        booking = self.booking
        if self.overdue:
            return "overdue"
        if booking.state == "carried":
            return "carried"
        if booking.order_status in ("done", "cancelled"):
            return booking.order_status
        if booking.progress == "finished":
            return "done"
        if booking.progress == "started" or booking.order_status == "in_progress":
            return "in_progress"
        return booking.order_status


@dataclass(frozen=True, slots=True)
class Cell:
    """Alike quarters of a lane, or a booking: ``first <= quarter < last``."""

    kind: Kind
    first: int
    last: int
    at: datetime
    """When it begins."""
    bar: Bar | None = None
    away: AwayView | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """``row`` null: what has no technician."""

    row: LoadRow | None
    lanes: tuple[tuple[Cell, ...], ...]
    load: DayLoad | None

    @property
    def bars(self) -> int:
        return sum(cell.bar is not None for lane in self.lanes for cell in lane)


@dataclass(frozen=True, slots=True)
class Group:
    """A section's posts, or the technicians."""

    name: str | None
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The day, its hours as columns; ``first`` and ``last`` are quarters."""

    hours: tuple[datetime, ...]
    current: datetime | None
    """The hour that it is now."""
    first: int
    last: int
    groups: tuple[Group, ...]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When the station's day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def timeline(
    load: LoadView, day: date, zone: ZoneInfo, now: datetime, view: View, section: UUID | None
) -> Timeline:
    """``load`` covers that day; ``section`` narrows it to one."""
    sections = [each for each in load.sections if section in (None, each.id)]
    shown = {post.id for each in sections for post in each.posts}
    frame = _Frame(day, midnight(day, zone), midnight(day + timedelta(days=1), zone), now)
    bars = list(frame.bars(load, shown))
    groups: list[tuple[str | None, list[LoadRow]]]
    if view == "posts":
        groups = [(each.name, list(each.posts)) for each in sections]
    else:
        people = [row for row in load.technicians if section in (None, row.section_id)]
        people += [row for row in load.technicians if row not in people and _has(row.id, bars)]
        groups = [(None, people)]
    rows = [row for _, rows in groups for row in rows]
    first, last = frame.columns(rows, bars)
    made = [
        Group(name, tuple(frame.row(row, _of(row.id, view, bars), first, last) for row in rows))
        for name, rows in groups
    ]
    if view == "people" and (nobodys := _of(None, view, bars)):
        made.append(Group(None, (frame.row(None, nobodys, first, last),)))
    hours = tuple(frame.at(hour) for hour in range(first, last, PER_HOUR))
    current = next((hour for hour in hours if hour <= now < hour + PER_HOUR * QUARTER), None)
    return Timeline(hours, current, first, last, tuple(made))


def _has(technician_id: UUID, bars: Iterable[Bar]) -> bool:
    return any(bar.booking.technician_id == technician_id for bar in bars)


def _of(row_id: UUID | None, view: View, bars: Iterable[Bar]) -> list[Bar]:
    field = "post_id" if view == "posts" else "technician_id"
    return [bar for bar in bars if getattr(bar.booking, field) == row_id]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The day, its instants, and now."""

    day: date
    start: datetime
    end: datetime
    now: datetime

    def at(self, quarter: int) -> datetime:
        return self.start + quarter * QUARTER

    def quarters(self, start: datetime, end: datetime) -> tuple[int, int]:
        """The columns that it touches; at least one."""
        since = (max(start, self.start) - self.start) // QUARTER
        until = -((self.start - min(end, self.end)) // QUARTER)
        return since, max(until, since + 1)

    def bars(self, load: LoadView, posts: set[UUID]) -> Iterator[Bar]:
        troubled = {each.booking_id for each in load.conflicts}
        for booking in load.bookings:
            if booking.post_id not in posts:
                continue
            if booking.end <= self.start or booking.start >= self.end:
                continue
            first, last = self.quarters(booking.start, booking.end)
            yield Bar(
                booking=booking,
                first=first,
                last=last,
                begins_before=booking.start < self.start,
                ends_after=booking.end > self.end,
                overdue=(
                    booking.end < self.now
                    and booking.state == "planned"
                    and booking.progress != "finished"
                    and booking.order_status not in ("done", "cancelled")
                ),
                conflict=booking.id in troubled,
            )

    def columns(self, rows: Iterable[LoadRow], bars: Iterable[Bar]) -> tuple[int, int]:
        """Whole hours, from the first in which somebody works or holds a post to the last."""
        held = [(bar.first, bar.last) for bar in bars]
        held += [
            self.quarters(span.start, span.end)
            for row in rows
            for span in row.working
            if span.start < self.end and span.end > self.start
        ]
        first, last = (
            (min(first for first, _ in held), max(last for _, last in held)) if held else USUAL
        )
        return first // PER_HOUR * PER_HOUR, -(-last // PER_HOUR) * PER_HOUR

    def row(self, row: LoadRow | None, bars: Sequence[Bar], first: int, last: int) -> Row:
        ground = self._ground(row, first, last)
        lanes = tuple(tuple(self._cells(lane, ground, first)) for lane in _lanes(bars))
        load = next((each for each in row.days if each.day == self.day), None) if row else None
        return Row(row, lanes, load)

    def _ground(
        self, row: LoadRow | None, first: int, last: int
    ) -> list[tuple[Kind, AwayView | None]]:
        """What each quarter is while nothing is booked in it."""
        ground: list[tuple[Kind, AwayView | None]] = [("closed", None)] * (last - first)
        if row is None:
            return ground
        parts: list[tuple[Kind, datetime, datetime, AwayView | None]] = [
            ("free", span.start, span.end, None) for span in row.working
        ]
        parts += [("away", away.start, away.end, away) for away in row.away]
        for kind, start, end, away in parts:
            if start < self.end and end > self.start:
                since, until = self.quarters(start, end)
                for quarter in range(max(since, first), min(until, last)):
                    ground[quarter - first] = (kind, away)
        return ground

    def _cells(
        self, bars: Sequence[Bar], ground: list[tuple[Kind, AwayView | None]], first: int
    ) -> Iterator[Cell]:
        here = first
        for bar in bars:
            yield from self._empty(here, bar.first, ground, first)
            yield Cell("bar", bar.first, bar.last, self.at(bar.first), bar)
            here = bar.last
        yield from self._empty(here, first + len(ground), ground, first)

    def _empty(
        self, since: int, until: int, ground: list[tuple[Kind, AwayView | None]], first: int
    ) -> Iterator[Cell]:
        """Alike quarters as one cell; free ones by the half hour."""

        def alike(quarter: int) -> tuple[Kind, AwayView | None, int]:
            kind, away = ground[quarter - first]
            return kind, away, quarter // FREE_CELL if kind == "free" else 0

        for (kind, away, _), run in groupby(range(since, until), alike):
            quarters = list(run)
            start, end = quarters[0], quarters[-1] + 1
            yield Cell(kind, start, end, self.at(start), away=away)


def _lanes(bars: Sequence[Bar]) -> list[list[Bar]]:
    """Each bar in the first lane where there is room; at least one lane."""
    lanes: list[list[Bar]] = [[]]
    for bar in sorted(bars, key=lambda bar: (bar.first, bar.last)):
        lane = next((each for each in lanes if not each or each[-1].last <= bar.first), None)
        if lane is None:
            lanes.append([bar])
        else:
            lane.append(bar)
    return lanes
