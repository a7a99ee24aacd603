"""Cars as they stand in a register: VINs, plates, models, years and mileages."""

from __future__ import annotations

from random import Random
from typing import Any

from deploy.demo_data.words import words

NEWEST_YEAR = 2025
KM_A_YEAR = (7_000, 24_000)

# ISO 3779: what each letter counts in the check digit, what each place weighs, and the letter
# that the tenth place has in each model year.
_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_FIRST_YEAR = 2001
_YEAR_LETTERS = "123456789ABCDEFGHJKLMNPRSTVWXY"


def vehicle(random: Random, taken: set[str]) -> dict[str, Any]:
    """The fields of a car; ``taken`` are the VINs and plates that others have, and grows."""
    makes = words("cars")["makes"]
    make = random.choices(makes, [make["weight"] for make in makes])[0]
    model, first_year, last_year, engine, vehicle_class = random.choice(make["models"])
    year = random.randint(first_year, last_year)
    driven_km = sum(random.randint(*KM_A_YEAR) for _ in range(NEWEST_YEAR - year + 1))
    return {
        "vin": _new(taken, lambda: vin(make["vin"], year, random)),
        "plate": _new(taken, lambda: plate(random)),
        "vendor": make["vendor"],
        "model": model,
        "year": year,
        "engine": engine,
        "vehicle_class": vehicle_class,
        "mileage_km": driven_km,
    }


def vin(pattern: str, year: int, random: Random) -> str:
    """A VIN by the pattern of its make: see ``cars.toml``."""
    filled = "".join(
        str(random.randint(0, 9)) if place == "#" else _year_letter(year) if place == "@" else place
        for place in pattern
    )
    return filled.replace("*", check_digit(filled))


def check_digit(vin: str) -> str:
    """What the ninth place of this VIN should be; what stands there now counts nothing."""
    total = sum(
        weight * int(_VALUES.get(place, place))
        for place, weight in zip(vin, _WEIGHTS, strict=True)
        if weight
    )
    return "X" if total % 11 == 10 else str(total % 11)


def plate(random: Random) -> str:
    """``А123ВС77``: most are of the region around."""
    letters = random.choices(words("cars")["plates"]["letters"], k=3)
    near, far = words("cars")["plates"]["near"], words("cars")["plates"]["far"]
    region = random.choice(near if random.random() < 0.8 else far)
    return f"{letters[0]}{random.randint(1, 999):03}{letters[1]}{letters[2]}{region}"


def _year_letter(year: int) -> str:
    return _YEAR_LETTERS[(year - _FIRST_YEAR) % len(_YEAR_LETTERS)]


def _new(taken: set[str], make: Any) -> str:
    while (made := make()) in taken:
        pass
    taken.add(made)
    return str(made)
