"""Units that a product is counted in, and goods bought in another one than lies in stock. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.inventory.domain.catalogue import name_key
from services.inventory.domain.costing import kopecks
from services.inventory.domain.stock import THOUSANDTH
from shared.contracts.base import MAX_MONEY, MAX_QUANTITY
from shared.contracts.inventory import ProductUnit, ProductView
from shared.refusals import Refused

MAIN = Decimal(1)


def units_of(main: ProductUnit, others: Sequence[ProductUnit]) -> tuple[ProductUnit, ...]:
    """All units of a product, the main one first. Refused: ``unit_repeated``."""
    units = (main, *sorted(others, key=lambda unit: (unit.factor, unit.name)))
    seen: set[str] = set()
    for unit in units:
        if unit.name in seen:
            raise Refused("unit_repeated", unit=unit.name)
        seen.add(unit.name)
    return units


def unit_named(product: ProductView, name: str) -> ProductUnit:
    """By its name or short name. Refused: ``unit_unknown``."""
    key = name_key(name)
    for unit in product.units:
        if key in (name_key(unit.name), name_key(unit.short_name)):
            return unit
    raise Refused("unit_unknown", product=product.name, unit=name)


@dataclass(frozen=True, slots=True)
class Purchase:
    """What one receipt line brings, in main units, and what that is worth together."""

    quantity: Decimal
    total: Decimal

    @property
    def unit_cost(self) -> Decimal:
        """What one main unit cost, rounded; for prices, never for the books."""
        return kopecks(self.total / self.quantity)


def in_main_units(quantity: Decimal, factor: Decimal) -> Decimal:
    """A quantity in a unit of ``factor`` main ones.

    Refused: ``quantity_not_exact``, ``amount_too_large``.
    """
    in_main = quantity * factor
    if in_main != (exact := in_main.quantize(THOUSANDTH)):
        raise Refused("quantity_not_exact", quantity=in_main)
    if exact > MAX_QUANTITY:
        raise Refused("amount_too_large")
    return exact


def purchased(quantity: Decimal, total: Decimal) -> Purchase:
    """So many main units for so much money together. Refused: ``amount_too_large``."""
    purchase = Purchase(quantity, total)
    if purchase.unit_cost > MAX_MONEY:
        raise Refused("amount_too_large")
    return purchase
