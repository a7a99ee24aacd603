"""When a car goes: one time of an order, that is a promise until the car has gone."""

from __future__ import annotations

from datetime import datetime


def was_missed(promised: datetime, done_at: datetime | None) -> bool:
    """The work was done later than that. Times are said to the minute."""
    return done_at is not None and promised < done_at.replace(second=0, microsecond=0)


def has_gone(out_at: datetime | None, done_at: datetime | None, now: datetime) -> bool:
    """Of a closed order: what was promised for a time before the work was done, was not kept."""
    return out_at is not None and out_at <= now and not was_missed(out_at, done_at)
