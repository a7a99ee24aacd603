"""Which open order holds which post, from yesterday to the end of the week: a lively panel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from deploy.demo_data.steps import Moment, Order

OPENS, CLOSES = 9, 20
"""Every day of the week, so that it is never closed on the day of the load."""
UNDER_WAY = frozenset({"in_progress", "reopened"})
TO_COME = frozenset({"new", "waiting"})
LENGTHS = (60, 90, 120, 150, 180, 240)
DAYS = range(-1, 6)
"""From yesterday: what is still open of that is offered to carry over."""
STEP = 30


@dataclass(frozen=True, slots=True)
class Booking:
    """Of the order at that place of the plan, on its own post and with its own mechanic."""

    order: int
    starts: Moment
    ends: Moment


def some_bookings(random: Random, orders: Sequence[Order]) -> list[Booking]:
    """Each goes where its post and its mechanic are both free; what has no room has none."""
    taken: dict[tuple[str, int, int], list[tuple[int, int]]] = {}
    bookings: list[Booking] = []
    for place, order in enumerate(orders):
        if order.fate not in UNDER_WAY | TO_COME:
            continue
        length = random.choice(LENGTHS)
        first = (
            random.choice((-1, 0, 0)) if order.fate in UNDER_WAY else random.choice((0, 0, 1, 2))
        )
        post = taken.setdefault(("post", order.section, order.post), [])
        mechanic = taken.setdefault(("mechanic", 0, order.mechanic), [])
        for start in _starts(first, length):
            end = start + length
            if not any(begin < end and start < until for begin, until in (*post, *mechanic)):
                post.append((start, end))
                mechanic.append((start, end))
                bookings.append(Booking(place, Moment(start), Moment(end)))
                break
    return bookings


def _starts(first_day: int, length: int) -> Iterator[int]:
    """In minutes after the midnight of the load, day by day."""
    for day in DAYS:
        if day >= first_day:
            opens, closes = ((day * 24 + hour) * 60 for hour in (OPENS, CLOSES))
            yield from range(opens, closes - length + 1, STEP)
