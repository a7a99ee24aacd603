"""Lots of bonuses: what a client got at once, how long it lives, and what an order earned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from services.finance.domain.ledger import ZERO, kopecks


@dataclass(frozen=True, slots=True)
class Lot:
    """Bonuses that came together and expire together.

    ``left``: neither spent nor taken back nor expired. ``taken_back``: of what an order earned,
    so much was reversed. ``order_id`` and ``rule_id``: what they go back to; ``completion``: the
    accrual that they are part of.
    """

    id: UUID
    client_id: UUID
    at: datetime
    expires_at: datetime | None
    amount: Decimal
    left: Decimal
    taken_back: Decimal = ZERO
    order_id: UUID | None = None
    completion: int | None = None
    rule_id: UUID | None = None

    @property
    def kept(self) -> Decimal:
        """What stands of the accrual, spent or not."""
        return self.amount - self.taken_back

    def is_alive(self, at: datetime) -> bool:
        return self.expires_at is None or at < self.expires_at


@dataclass(frozen=True, slots=True)
class Accrual:
    """One completion of one order has been reckoned, whatever came of it; never a second time.

    ``money``: what money covered of the order then; ``amount``: all its lots together.
    """

    order_id: UUID
    completion: int
    client_id: UUID
    at: datetime
    money: Decimal
    amount: Decimal

    def kept(self, earned: Decimal, money: Decimal) -> Decimal:
        """What stands of ``earned`` when ``money`` covers the order: all of it as long as that is
        no less than it was at the accrual, else in proportion."""
        return kopecks(earned * money / self.money) if money < self.money else earned


def end_of_day(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The instant at which the station's business day ends that begins so many days later."""
    following = at.astimezone(zone).date() + timedelta(days=days + 1)
    return _midnight(following, zone)


def month_of(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The station's calendar month around an instant, half open."""
    first = at.astimezone(zone).date().replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return _midnight(first, zone), _midnight(following, zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)
