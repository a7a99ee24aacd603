"""Price variants of a catalogue work by vehicle: which one is for a car. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from shared.refusals import Refused


@dataclass(frozen=True, slots=True)
class Car:
    """What is known of a car."""

    vendor: str | None = None
    model: str | None = None
    vehicle_class: str | None = None
    engine: str | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """A price of a work for the cars that fit every fact it names."""

    id: UUID
    service_id: UUID
    vendor: str | None
    model: str | None
    vehicle_class: str | None
    engine: str | None
    year_from: int | None
    year_to: int | None
    price: Decimal | None
    labor_hours: Decimal | None
    labor_rate: Decimal | None
    estimation_minutes: int | None
    revision: int = 1

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(map(fact_key, (self.vendor, self.model, self.vehicle_class, self.engine)))

    @property
    def has_years(self) -> bool:
        return self.year_from is not None or self.year_to is not None

    @property
    def years(self) -> tuple[int, int]:
        """First and last, both meant."""
        first = _FIRST_YEAR if self.year_from is None else self.year_from
        return first, _LAST_YEAR if self.year_to is None else self.year_to

    def fits(self, car: Car) -> bool:
        known = map(fact_key, (car.vendor, car.model, car.vehicle_class, car.engine))
        if any(own and own != fact for own, fact in zip(self.key, known, strict=True)):
            return False
        first, last = self.years
        return not self.has_years or (car.year is not None and first <= car.year <= last)


_FIRST_YEAR, _LAST_YEAR = 0, 9999


def fact_key(fact: str | None) -> str:
    """What spellings of one fact share: case, ё and spaces do not count."""
    return "".join((fact or "").casefold().replace("ё", "е").split())


def chosen(variants: Iterable[Variant], car: Car) -> Variant | None:
    """The most specific one that fits. Named facts are counted; of as many, the one that names the
    model wins, then the engine, the make, the class, then fewer years, then the older one."""
    fitting = [variant for variant in variants if variant.fits(car)]
    return max(fitting, key=_specificity, default=None)


def _specificity(variant: Variant) -> tuple[int, ...]:
    vendor, model, vehicle_class, engine = map(bool, variant.key)
    first, last = variant.years
    return (
        sum((vendor, model, vehicle_class, engine, variant.has_years)),
        model,
        engine,
        vendor,
        vehicle_class,
        first - last,
        # Ids grow with time.
        -variant.id.int,
    )


def ensure_clear(variant: Variant, others: Iterable[Variant]) -> None:
    """A work's other variants leave no doubt which one is meant.

    Refused: ``variant_empty``, ``years_invalid``, ``variant_exists``.
    """
    if not any(variant.key) and not variant.has_years:
        raise Refused("variant_empty")
    first, last = variant.years
    if first > last:
        raise Refused("years_invalid")
    for other in others:
        if other.id == variant.id or other.key != variant.key:
            continue
        other_first, other_last = other.years
        overlap = first <= other_last and other_first <= last
        if variant.has_years == other.has_years and overlap:
            raise Refused("variant_exists", id=other.id)
