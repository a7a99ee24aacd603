"""ABC: which products bring most of what is earned; XYZ: how evenly they sell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from services.finance.domain.ledger import ZERO

X_PERCENT, Y_PERCENT = Decimal(10), Decimal(25)
_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Sold:
    """How much was sold of a product; ``squares`` sums the squares of its months' quantities."""

    quantity: Decimal
    squares: Decimal

    def variation(self, months: int) -> Decimal | None:
        """Of the monthly quantity, in percent of its mean; none when nothing was sold, or one
        month alone cannot vary."""
        if self.quantity <= 0 or months < 2:
            return None
        mean = self.quantity / months
        variance = max(ZERO, self.squares / months - mean * mean)
        return _rounded(variance.sqrt() / mean * 100)


@dataclass(frozen=True, slots=True)
class Place:
    """A product's among all. ``value``: what they are ranked by; ``before``: what the greater ones
    come to; ``total``: what all do. What is below nought counts as nought."""

    value: Decimal
    before: Decimal
    total: Decimal

    @property
    def share(self) -> Decimal:
        """Percent."""
        return self._percent(max(ZERO, self.value))

    @property
    def cumulative(self) -> Decimal:
        """Percent, with all that is greater."""
        return self._percent(self.before + max(ZERO, self.value))

    def abc(self, a_percent: Decimal, b_percent: Decimal) -> Literal["A", "B", "C"]:
        """A product is of the class in which it begins, so that the greatest one is always A; what
        brings nothing, or takes, is C."""
        if self.value <= 0:
            return "C"
        begins = self.before / self.total * 100
        return "A" if begins < a_percent else "B" if begins < b_percent else "C"

    def _percent(self, value: Decimal) -> Decimal:
        return _rounded(value / self.total * 100) if self.total else ZERO


def xyz(variation: Decimal | None) -> Literal["X", "Y", "Z"] | None:
    if variation is None:
        return None
    return "X" if variation <= X_PERCENT else "Y" if variation <= Y_PERCENT else "Z"


def months_between(first: date, last: date) -> int:
    """Both counted."""
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_HUNDREDTH, ROUND_HALF_UP)
