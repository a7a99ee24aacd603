"""Stretches of time, half open, and the arithmetic of lists of them.

Every list here is in order, and its spans neither touch nor overlap.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

_END = attrgetter("end")
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """``start <= t < end``, two instants in UTC."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def meets(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


def merged(spans: Iterable[Span]) -> list[Span]:
    """Any spans, as a list of this module; empty ones are left out."""
    result: list[Span] = []
    for span in sorted(spans):
        if span.start >= span.end:
            continue
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return result


def common(some: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What lies in both."""
    result: list[Span] = []
    left = right = 0
    while left < len(some) and right < len(others):
        start = max(some[left].start, others[right].start)
        end = min(some[left].end, others[right].end)
        if start < end:
            result.append(Span(start, end))
        if some[left].end < others[right].end:
            left += 1
        else:
            right += 1
    return result


def without(spans: Sequence[Span], gone: Sequence[Span]) -> list[Span]:
    """What is left of ``spans``."""
    result: list[Span] = []
    place = 0
    for span in spans:
        start = span.start
        while place < len(gone) and gone[place].end <= start:
            place += 1
        ahead = place
        while ahead < len(gone) and gone[ahead].start < span.end:
            if gone[ahead].start > start:
                result.append(Span(start, gone[ahead].start))
            start = max(start, gone[ahead].end)
            ahead += 1
        if start < span.end:
            result.append(Span(start, span.end))
    return result


def within(spans: Sequence[Span], window: Span) -> Sequence[Span]:
    """Clipped to the window; looks only at what touches it."""
    first = bisect_right(spans, window.start, key=_END)
    result: list[Span] = []
    for span in spans[first:]:
        if span.start >= window.end:
            break
        result.append(Span(max(span.start, window.start), min(span.end, window.end)))
    return result


def length(spans: Iterable[Span]) -> timedelta:
    """Of all together."""
    return sum((span.length for span in spans), timedelta())


def holds(spans: Sequence[Span], moment: datetime) -> bool:
    """Whether ``moment`` is in one of them."""
    place = bisect_right(spans, moment, key=_END)
    return place < len(spans) and spans[place].start <= moment


def laid(effort: timedelta, start: datetime, spans: Sequence[Span]) -> datetime | None:
    """When so much work is done that begins at ``start`` and goes on in ``spans`` only;
    null if they do not suffice."""
    left = effort
    for span in spans[bisect_right(spans, start, key=_END) :]:
        begins = max(start, span.start)
        if left <= span.end - begins:
            return begins + left
        left -= span.end - begins
    return None
