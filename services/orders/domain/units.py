"""Quantities as people enter them, in any unit of a product, and as they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.contracts.base import MAX_QUANTITY
from shared.refusals import Refused

THOUSANDTH = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Entered:
    """``quantity`` is in the product's main unit, ``entered_quantity`` in the unit it was entered
    in, which ``measure`` and ``short_name`` name."""

    quantity: Decimal
    entered_quantity: Decimal
    measure: str
    short_name: str

    @property
    def fields(self) -> dict[str, Any]:
        """As a line keeps them."""
        return {
            "quantity": self.quantity,
            "entered_quantity": self.entered_quantity,
            "entered_measure": self.measure,
            "entered_short_name": self.short_name,
        }


def entered(
    quantity: Decimal,
    measure: str | None,
    *,
    product: str,
    main: str,
    units: Iterable[Mapping[str, Any]],
) -> Entered:
    """``measure``: a unit by its full or short name; ``None``: the main one. ``units``: name,
    short_name and factor of each.

    Raises ``unit_unknown``; ``quantity_not_exact`` rather than round what somebody has counted.
    """
    known = [(unit["name"], unit["short_name"], Decimal(unit["factor"])) for unit in units]
    known = known or [(main, main, Decimal(1))]
    quantity = quantity.quantize(THOUSANDTH)
    if measure is None:
        name, short_name, _ = known[0]
        return Entered(quantity, quantity, name, short_name)
    wanted = measure.casefold()
    found = [unit for unit in known if wanted in (unit[0].casefold(), unit[1].casefold())]
    if not found:
        raise Refused("unit_unknown", product=product, unit=measure)
    name, short_name, factor = found[0]
    in_main = quantity * factor
    if in_main > MAX_QUANTITY or in_main != in_main.quantize(THOUSANDTH):
        raise Refused("quantity_not_exact", quantity=in_main)
    return Entered(in_main.quantize(THOUSANDTH), quantity, name, short_name)
