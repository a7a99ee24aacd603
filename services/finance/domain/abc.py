"""ABC: which products bring most of what is earned; XYZ: how evenly they sell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal
from uuid import UUID

from services.finance.domain.ledger import ZERO

X_PERCENT, Y_PERCENT = Decimal(10), Decimal(25)
_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Sold:
    """What was sold of a product; ``squares`` sums the squares of its months' quantities."""

    product_id: UUID
    quantity: Decimal
    revenue: Decimal
    cost: Decimal
    squares: Decimal

    @property
    def margin(self) -> Decimal:
        return self.revenue - self.cost

    def variation(self, months: int) -> Decimal | None:
        """Of the monthly quantity, in percent of its mean; none when nothing was sold, or one
        month alone cannot vary."""
        if self.quantity <= 0 or months < 2:
            return None
        mean = self.quantity / months
        variance = max(ZERO, self.squares / months - mean * mean)
        return _rounded(variance.sqrt() / mean * 100)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A product's place among all; percents."""

    sold: Sold
    share: Decimal
    cumulative: Decimal
    abc: Literal["A", "B", "C"]


def ranked(
    products: Iterable[Sold],
    by: Literal["revenue", "margin", "quantity"],
    a_percent: Decimal,
    b_percent: Decimal,
) -> list[Ranked]:
    """The greatest first. A product is of the class in which it begins, so that the greatest one
    is always A; what brings nothing, or takes, is C."""
    order = sorted(products, key=lambda sold: (-getattr(sold, by), sold.product_id))
    total = sum((getattr(sold, by) for sold in order if getattr(sold, by) > 0), ZERO)
    places: list[Ranked] = []
    before = ZERO
    for sold in order:
        value: Decimal = max(ZERO, getattr(sold, by))
        begins = before / total * 100 if total else Decimal(100)
        abc: Literal["A", "B", "C"] = "C"
        if value:
            abc = "A" if begins < a_percent else "B" if begins < b_percent else "C"
        before += value
        share = _rounded(value / total * 100) if total else ZERO
        cumulative = _rounded(before / total * 100) if total else ZERO
        places.append(Ranked(sold, share, cumulative, abc))
    return places


def xyz(variation: Decimal | None) -> Literal["X", "Y", "Z"] | None:
    if variation is None:
        return None
    return "X" if variation <= X_PERCENT else "Y" if variation <= Y_PERCENT else "Z"


def months_between(first: date, last: date) -> int:
    """Both counted."""
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_HUNDREDTH, ROUND_HALF_UP)
