"""An order as it is planned, and what people do on it, one step after the other.

A step names a work by its place on the order; everything else is named by its place in the plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal

type Body = dict[str, Any]
"""A request's JSON, as far as the plan knows it: without ids."""

STATION_ZONE = timezone(timedelta(hours=3))
"""Of the times of day in the plan: they are to be believable, not exact."""


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """So many minutes after the midnight with which the day of the load began; mostly before."""

    minutes: int

    @classmethod
    def of(cls, days_ago: int, hour: int, minute: int = 0) -> Moment:
        return cls((hour - days_ago * 24) * 60 + minute)

    def past(self, now: datetime) -> str:
        """RFC 3339. What would lie in the future is ``now``."""
        return min(self._at(now), now).isoformat()

    def told(self, now: datetime) -> str:
        """RFC 3339, whether past or to come."""
        return self._at(now).isoformat()

    def _at(self, now: datetime) -> datetime:
        midnight = now.astimezone(STATION_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight + timedelta(minutes=self.minutes)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class AddWork:
    """A work of the catalogue goes onto the order, for that mechanic, who may have a helper."""

    work: int
    mechanic: int
    fields: Body
    helper: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a request."""

    product: int
    quantity: Decimal
    """In main units; the fields may say it in another one."""
    carried_by: int | None
    """The work that it is a material of; goods have none."""
    fields: Body


@dataclass(frozen=True, slots=True)
class RequestParts:
    """All that is wanted at one time."""

    by: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Await:
    """``answered``: the warehouse has said of every part whether it is there; ``reserved``: all
    are; ``settled``: the order's money is in the books."""

    what: Literal["answered", "reserved", "settled"]


@dataclass(frozen=True, slots=True)
class Deliver:
    """The part that the order waits for has come."""

    product: int
    quantity: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Comment:
    """Somebody writes something on the order."""

    by: str
    text: str


@dataclass(frozen=True, slots=True)
class ChangeWork:
    """``progress``, or a price that was agreed on."""

    by: str
    work: int
    fields: Body


@dataclass(frozen=True, slots=True)
class Quote:
    """The client is asked about every work, and has the estimate's link."""


@dataclass(frozen=True, slots=True)
class Move:
    """The next step of the order's life."""

    by: str
    to: Literal["new", "in_progress", "done", "cancelled"]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Pay:
    """``amount``, or a share of what is still owed."""

    method: str
    amount: Decimal | None = None
    share: Decimal = Decimal(1)
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """A share of the last payment."""

    share: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Spend:
    """Money spent for this order."""

    fields: Body


type Step = (
    AddWork
    | RequestParts
    | Await
    | Deliver
    | Comment
    | ChangeWork
    | Quote
    | Move
    | Pay
    | Refund
    | Spend
)


@dataclass(frozen=True, slots=True)
class Order:
    """An order's header, and everything that happens on it."""

    fate: str
    """What is to become of it: see ``stories.FATES``."""
    fields: Body
    section: int
    post: int
    mechanic: int
    client: int
    car: int
    """Of that client."""
    arrives: Moment | None
    leaves: Moment | None
    steps: tuple[Step, ...]
