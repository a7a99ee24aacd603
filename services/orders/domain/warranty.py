"""Whether what was done on a car is still under warranty. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

type InForce = Literal["true", "false", "unknown"]


@dataclass(frozen=True, slots=True)
class Mileage:
    """What is known of how far the car has run: said today, or read some time ago."""

    now: int | None
    read_before: int | None

    @property
    def at_least(self) -> int | None:
        return self.read_before if self.now is None else self.now


@dataclass(frozen=True, slots=True)
class Standing:
    """How a warranty stands on a day. See ``WarrantyLine`` for the fields."""

    expires_on: date | None
    limit_km: int | None
    in_force: InForce
    remaining_days: int | None
    remaining_km: int | None


def standing(
    done_on: date,
    done_mileage_km: int | None,
    days: int | None,
    km: int | None,
    *,
    today: date,
    mileage: Mileage,
) -> Standing:
    """A warranty of no days and no kilometres is none. It begins on the day the car was given
    back, and both its last day and its last kilometre still count."""
    expires_on = done_on + timedelta(days=days) if days else None
    limit_km = done_mileage_km + km if km and done_mileage_km is not None else None
    days_left = (expires_on - today).days if expires_on else None
    km_left = limit_km - mileage.now if limit_km is not None and mileage.now is not None else None
    return Standing(
        expires_on=expires_on,
        limit_km=limit_km,
        in_force=_in_force(days_left, bool(km), limit_km, mileage) if days or km else "false",
        remaining_days=None if days_left is None else max(days_left, 0),
        remaining_km=None if km_left is None else max(km_left, 0),
    )


def _in_force(
    days_left: int | None, has_km_limit: bool, limit_km: int | None, mileage: Mileage
) -> InForce:
    if days_left is not None and days_left < 0:
        return "false"
    if not has_km_limit:
        return "true"
    at_least = mileage.at_least
    if limit_km is not None and at_least is not None and at_least > limit_km:
        return "false"
    return "unknown" if limit_km is None or mileage.now is None else "true"
