"""Products in families, and which of a family fits a car."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from math import ceil
from random import Random
from typing import Any

from deploy.demo_data.steps import Body
from deploy.demo_data.words import words

OF_FAMILY = ("units", "pricing", "warranty_days", "warranty_km")
"""What the card of every product of a family says alike."""
WITH_BARCODE = 0.7
WITH_MIN_STOCK = 0.5


@dataclass(frozen=True, slots=True)
class Product:
    """A part of the catalogue, with what the plan knows beyond its card."""

    family: str
    group: str
    fields: Body
    makes: frozenset[str]
    """Of cars that it fits; empty: of all."""
    cost: Decimal
    left_over: Decimal
    """What lies in stock when all orders of the plan have what they want."""
    on_order: bool
    """Nothing more is in stock than that: who wants it waits."""
    entered_in: str | None
    """The unit in which orders ask for it; else the main one."""

    @property
    def price(self) -> Decimal:
        return Decimal(self.fields["price"])

    @property
    def pack(self) -> tuple[str, Decimal] | None:
        """The smallest unit that holds several main ones, and how many: what it is bought in."""
        packs = [(unit, factor) for unit, factor in self._units.items() if factor > 1]
        return min(packs, key=lambda pack: pack[1], default=None)

    def entered(self, quantity: Decimal) -> Body:
        """What an order says instead when it asks for so many main units of it."""
        if self.entered_in is None:
            return {}
        return {
            "quantity": str(quantity / self._units[self.entered_in]),
            "measure": self.entered_in,
        }

    @property
    def _units(self) -> dict[str, Decimal]:
        return {unit["measure"]: Decimal(unit["factor"]) for unit in self.fields.get("units", ())}

    def fits(self, car: Body) -> bool:
        """By make; and by model, if the name speaks of models."""
        if self.makes and car["vendor"] not in self.makes:
            return False
        named = [model for model in _models() if model in self.fields["name"]]
        return not named or car["model"].split()[0] in named


class Catalogue:
    """All products, by family."""

    def __init__(self, products: Sequence[Product]) -> None:
        self.products = tuple(products)
        self._families: dict[str, list[int]] = {}
        for place, product in enumerate(products):
            self._families.setdefault(product.family, []).append(place)

    def choose(self, random: Random, family: str, car: Body) -> int | None:
        """One of the family for that car, if there is one."""
        fitting = [place for place in self._families[family] if self.products[place].fits(car)]
        return random.choice(fitting) if fitting else None

    def on_order(self) -> list[int]:
        return [place for place, product in enumerate(self.products) if product.on_order]


def some_products(random: Random, scale: float) -> Catalogue:
    """Of every family at least one."""
    barcodes: set[str] = set()
    products = []
    for family in words("products")["families"]:
        count = ceil(len(family["rows"]) * min(scale, 1.0))
        products += [_product(random, family, row, barcodes) for row in family["rows"][:count]]
    return Catalogue(products)


def kopecks(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _product(random: Random, family: dict[str, Any], row: Any, barcodes: set[str]) -> Product:
    name, vendor, oem, price, *makes = row
    fields: dict[str, Any] = {
        "name": name,
        "oem": oem,
        "vendor": vendor,
        "group": family["group"],
        "measure": family["measure"],
        "price": f"{price}.00",
        **{name: family[name] for name in OF_FAMILY if name in family},
    }
    if random.random() < WITH_BARCODE:
        fields["barcode"] = _barcode(random, barcodes)
    lowest, highest = family["stock"]
    left_over = Decimal(random.randint(lowest, highest))
    if lowest and random.random() < WITH_MIN_STOCK:
        # Some lie below it: the storekeeper has something to order.
        fields["min_stock"] = str(random.randint(lowest, max(lowest, highest // 2)))
    markup = Decimal(family["markup"]) * Decimal(random.randint(95, 105)) / 100
    return Product(
        family=family["key"],
        group=family["group"],
        fields=fields,
        makes=frozenset(makes[0].split(",")) if makes else frozenset(),
        cost=kopecks(Decimal(price) / markup),
        left_over=left_over,
        on_order=family.get("on_order", False),
        entered_in=family.get("entered_in"),
    )


@cache
def _models() -> frozenset[str]:
    """First words of all models' names: a part says Niva, a register Niva Legend."""
    return frozenset(
        name.split()[0] for make in words("cars")["makes"] for name, *_ in make["models"]
    )


def _barcode(random: Random, taken: set[str]) -> str:
    """EAN-13 with its check digit."""
    while True:
        digits = f"46{random.randint(0, 10**10 - 1):010}"
        weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
        barcode = f"{digits}{-weighted % 10}"
        if barcode not in taken:
            taken.add(barcode)
            return barcode
