"""A price for several lines together, spread over them to the kopeck. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal

from services.orders.domain.pricing import KOPECK, NOTHING, Price, to_kopecks
from shared.contracts.works import PackagePart, PackageService
from shared.refusals import Refused

ONE = Decimal(1)


def ensure_sellable(
    services: Sequence[PackageService],
    goods: Sequence[PackagePart],
    discount_percent: Decimal | None,
    price: Decimal | None,
) -> None:
    """Refused: ``package_empty``, ``package_price_ambiguous``, ``package_price_indivisible``."""
    if not services and not goods:
        raise Refused("package_empty")
    if price is None:
        return
    if discount_percent is not None:
        raise Refused("package_price_ambiguous")
    if all(service.quantity != ONE for service in services):
        raise Refused("package_price_indivisible")


def spread(
    total: Decimal, lines: Sequence[tuple[Decimal, Decimal]], rest: int
) -> tuple[list[Decimal], Decimal]:
    """The final price of one unit of each (quantity, price of one) line, so that all of them come
    to ``total``; and what is left for the line at ``rest``, whole: its own price is not used.

    Every line gets its part of the total in proportion, and of that the greatest price per unit
    in whole kopecks that does not exceed it; so what is left is never below zero.
    """
    amounts = [to_kopecks(quantity * price) for quantity, price in lines]
    undiscounted = sum(amounts, NOTHING)
    finals: list[Decimal] = []
    left = total
    for place, ((quantity, _), amount) in enumerate(zip(lines, amounts, strict=True)):
        final = NOTHING
        if place != rest and undiscounted:
            part = (amount * total / undiscounted).quantize(KOPECK, ROUND_DOWN)
            final = (part / quantity).quantize(KOPECK, ROUND_DOWN)
            left -= to_kopecks(final * quantity)
        finals.append(final)
    return finals, left


def divided(amount: Decimal, quantity: int) -> list[tuple[int, Decimal]]:
    """So many units that come to the amount exactly, as (units, price of one): one line, or two
    that are a kopeck apart."""
    low, dearer = divmod(int(amount / KOPECK), quantity)
    parts = ((quantity - dearer, low), (dearer, low + 1))
    return [(units, low * KOPECK) for units, low in parts if units]


def sold_at(price: Price, final: Decimal) -> Price:
    """The line's price by the package. What the catalogue suggested stays to be seen: a lower price
    is a discount from it, a higher one is quoted. Neither follows the warehouse any more."""
    if final > price.initial:
        price = replace(price, initial=final)
    return replace(
        price,
        discount_percent=NOTHING,
        fixed_discount=price.initial - final,
        quoted=True,
    )
