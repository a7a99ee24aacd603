"""When a post is free: what the load panel shows, the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.contracts.load import LoadRow, LoadView

EVERY = timedelta(minutes=30)
"""How far apart the times are that are offered; on whole and half hours of the station."""

type Spans = list[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class FreePost:
    """A post, and when a work of the asked length may begin there."""

    id: UUID
    name: str
    starts: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class FreeDay:
    """A day of the station. ``worked``: at least one post works then, however full it is."""

    day: date
    posts: tuple[FreePost, ...]
    worked: bool

    @property
    def times(self) -> int:
        return sum(len(post.starts) for post in self.posts)


def free_days(
    load: LoadView, length: timedelta, technician_id: UUID | None, now: datetime
) -> list[FreeDay]:
    """Of every day that the load covers, where a work of that length fits from ``now`` on: on the
    post, and in the time of the technician, if there is one."""
    zone = ZoneInfo(load.time_zone)
    theirs = technician_row(load, technician_id)
    posts = [
        (post, _starts(_free(load, post, theirs, now), length, zone))
        for section in load.sections
        for post in section.posts
    ]
    first, last = (at.astimezone(zone).date() for at in (load.start, load.end))
    days = [first + timedelta(days=number) for number in range((last - first).days)]

    def on(day: date) -> Iterable[FreePost]:
        for post, starts in posts:
            theirs = tuple(at for at in starts if at.astimezone(zone).date() == day)
            yield FreePost(post.id, post.name, theirs)

    worked = {
        span.start.astimezone(zone).date()
        for section in load.sections
        for post in section.posts
        for span in post.working
    }
    return [FreeDay(day, tuple(on(day)), day in worked) for day in days]


def technician_row(load: LoadView, technician_id: UUID | None) -> LoadRow | None:
    """Of an employee who is planned as a technician."""
    return next((row for row in load.technicians if row.id == technician_id), None)


def _free(load: LoadView, post: LoadRow, technician: LoadRow | None, now: datetime) -> Spans:
    taken = [
        (bar.start, bar.end)
        for bar in load.bookings
        if bar.post_id == post.id or (technician and bar.technician_id == technician.id)
    ]
    worked = _worked(post)
    if technician:
        worked = _common(worked, _worked(technician))
    return _without(worked, [(datetime.min.replace(tzinfo=now.tzinfo), now), *taken])


def _worked(row: LoadRow) -> Spans:
    return [(span.start, span.end) for span in row.working]


def _common(some: Spans, others: Spans) -> Spans:
    both = [(max(a, c), min(b, d)) for a, b in some for c, d in others]
    return sorted((start, end) for start, end in both if start < end)


def _without(spans: Spans, taken: Spans) -> Spans:
    """What is left between the taken ones."""
    left: Spans = []
    for start, end in spans:
        busy = sorted((max(a, start), min(b, end)) for a, b in taken if a < end and b > start)
        edges = _merged([(start, start), *busy, (end, end)])
        left += [(before[1], after[0]) for before, after in pairwise(edges)]
    return [(start, end) for start, end in left if start < end]


def _merged(spans: Sequence[tuple[datetime, datetime]]) -> Spans:
    together: Spans = []
    for start, end in spans:
        if together and start < together[-1][1]:
            together[-1] = (together[-1][0], max(end, together[-1][1]))
        else:
            together.append((start, end))
    return together


def _starts(spans: Spans, length: timedelta, zone: ZoneInfo) -> list[datetime]:
    return [at for start, end in spans for at in _steps(start, end - length, zone)]


def _steps(first: datetime, last: datetime, zone: ZoneInfo) -> Iterable[datetime]:
    local = first.astimezone(zone)
    since_midnight = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    since_midnight += timedelta(microseconds=local.microsecond)
    at = first + (-since_midnight % EVERY)
    while at <= last:
        yield at
        at += EVERY
