"""How a price is formed, step by step; no step overwrites an earlier one (seed 004)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from shared.contracts.base import MAX_MONEY, RoundingMode
from shared.refusals import Refused
from shared.rounding import round_to_step

KOPECK = Decimal("0.01")
HOURS = Decimal("0.00001")
"""To what norm-hours are kept."""
NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Price:
    """The steps of one line's price, in roubles per unit.

    ``suggested`` is what the catalogue said when the line was added, ``initial`` what the client
    was told. ``quoted`` says that a person set ``initial``: then a later suggestion leaves it.
    """

    suggested: Decimal
    initial: Decimal
    discount_percent: Decimal
    fixed_discount: Decimal
    quoted: bool

    @cached_property
    def final(self) -> Decimal:
        """The percent goes off first, then the fixed sum; never below zero."""
        discounted = self.initial * (1 - self.discount_percent / 100) - self.fixed_discount
        return to_kopecks(max(NOTHING, discounted))


def formed(
    suggested: Decimal,
    quoted: Decimal | None,
    discount_percent: Decimal,
    fixed_discount: Decimal,
) -> Price:
    """The price of a new line; ``quoted`` is what the employee said instead of the suggestion."""
    return Price(
        suggested=to_kopecks(suggested),
        initial=to_kopecks(suggested if quoted is None else quoted),
        discount_percent=discount_percent.quantize(KOPECK),
        fixed_discount=to_kopecks(fixed_discount),
        quoted=quoted is not None,
    )


def labor_price(
    labor_hours: Decimal,
    labor_rate: Decimal,
    step: Decimal | int,
    mode: RoundingMode = "half_up",
) -> Decimal:
    """Norm-hours times their rate, rounded to a multiple of the station's step in roubles.

    The hours themselves are never rounded: 0.33333 h at 600.01 and step 10 make 200.
    Refused: ``amount_too_large``.
    """
    return checked(round_to_step(labor_hours * labor_rate, Decimal(step), mode))


def line_total(price: Price, quantity: Decimal) -> Decimal:
    """Raises ``Refused("amount_too_large")`` rather than store what does not fit the books, nor
    what would not without its discount, which is shown."""
    checked(to_kopecks(price.initial * quantity))
    return checked(to_kopecks(price.final * quantity))


def checked(amount: Decimal) -> Decimal:
    if amount > MAX_MONEY:
        raise Refused("amount_too_large")
    return amount


def to_kopecks(amount: Decimal) -> Decimal:
    return amount.quantize(KOPECK, ROUND_HALF_UP)
