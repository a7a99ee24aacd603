"""Stretches of days as people choose them: by name, or from one day until another, both counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.gateway.pages.forms import today
from services.gateway.pages.request import PageRequest
from services.gateway.problems import field_invalid
from shared.contracts.base import Period
from shared.refusals import Refused

DAY = timedelta(days=1)
DEFAULT = "month"


@dataclass(frozen=True, slots=True)
class Span:
    """Days of the station, the last one with them."""

    first: date
    last: date

    def period(self, zone: ZoneInfo) -> Period:
        return Period(start=_begin(self.first, zone), end=_begin(self.last + DAY, zone))

    def query(self) -> dict[str, str]:
        """As the pages' addresses have it."""
        return {"from": self.first.isoformat(), "until": self.last.isoformat()}


def named_spans(now: date) -> dict[str, Span]:
    """By name; what is not over yet ends today."""
    month = now.replace(day=1)
    before = (month - DAY).replace(day=1)
    quarter = _quarter_of(now)
    year = now.replace(month=1, day=1)
    return {
        "today": Span(now, now),
        "yesterday": Span(now - DAY, now - DAY),
        "week": Span(now - DAY * now.weekday(), now),
        "month": Span(month, now),
        "last_month": Span(before, month - DAY),
        "quarter": Span(quarter, now),
        "last_quarter": Span(_quarter_of(quarter - DAY), quarter - DAY),
        "year": Span(year, now),
        "last_year": Span((year - DAY).replace(month=1, day=1), year - DAY),
    }


def _quarter_of(day: date) -> date:
    """Its first day."""
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def same_days_before(span: Span) -> Span:
    """Of a month until some day: the last one until that day, or its end."""
    end = span.first - DAY
    return Span(end.replace(day=1), end.replace(day=min(span.last.day, end.day)))


def span_asked(request: PageRequest) -> tuple[str | None, Span]:
    """As the address says, and its name if it has one. Raises ``request_invalid``,
    ``period_invalid``."""
    spans = named_spans(today(request.zone))
    first, last = request.query.get("from"), request.query.get("until")
    if not first and not last:
        name = request.query.get("span", DEFAULT)
        name = name if name in spans else DEFAULT
        return name, spans[name]
    usual = spans[DEFAULT]
    span = Span(_day("from", first, usual.first), _day("until", last, usual.last))
    if span.first > span.last:
        raise Refused("period_invalid")
    return None, span


def _day(name: str, said: str | None, usual: date) -> date:
    if not said:
        return usual
    try:
        day = date.fromisoformat(said)
    except ValueError:
        raise field_invalid(name, "not_a_date") from None
    if day.year not in range(1900, 2200):
        raise field_invalid(name, "date_too_far")
    return day


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
