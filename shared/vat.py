"""VAT within prices: which percent counts on a day, and how much of a price it is. Pure.

Finance posts it and orders prints it; both reckon here, line by line, so that paper and books agree
to the kopeck.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from shared.contracts.finance import NO_VAT
from shared.contracts.taxes import VatRate

_KOPECK = Decimal("0.01")


def percent_on(rates: Iterable[VatRate], day: date) -> Decimal | None:
    """The percent that counts on a business day; ``None``: the station sells without VAT then."""
    begun = [rate for rate in rates if rate.since <= day]
    return max(begun, key=lambda rate: rate.since).percent if begun else None


def vat_within(price: Decimal, percent: Decimal | None) -> Decimal:
    """The VAT that a price of one line contains, rounded half up to a kopeck: of 122 at 22 % it is
    22."""
    if not percent:
        return NO_VAT
    return (price * percent / (100 + percent)).quantize(_KOPECK, ROUND_HALF_UP)
