"""What parts cost, by the method of the warehouse that they lie in.

Goods lie in lots: each has what is left of it, and what that is worth, in whole kopecks. Whatever
the method, a quantity leaves the oldest lots first, and what leaves and what stays are together
worth what was there: a rounding remainder stays in the lots, and goes with the last piece of them.
So the stock is always worth what finance has on its stock account, to the kopeck.

``fifo``: what leaves a lot costs its share of that lot.
``average``: all lots of a product in the warehouse are one pool. What leaves costs its share of the
pool (value / on hand), and what stays, or has come, is spread over the lots by their quantities, so
that all of them are worth the same per piece.

A change of the method moves no value and no quantity, and so writes no movement; it counts from the
next thing on that happens to a product. Going over to ``average`` pools its lots at what they are
worth together. Going back to ``fifo`` leaves each lot at the average that it has then, one price
for all, as if they were one lot; a product that nothing happened to meanwhile has its lots as they
were bought.

Costs are summed exactly and rounded once, to kopecks half up, where a sum is shown or booked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from services.inventory.domain.stock import ZERO
from shared.contracts.base import MAX_MONEY, MAX_QUANTITY
from shared.contracts.costing import CostingMethod
from shared.refusals import Refused

KOPECK = Decimal("0.01")
MAX_ON_HAND = MAX_QUANTITY * 1000


@dataclass(frozen=True, slots=True)
class Lot:
    """What came in at one cost, and what is left of it. ``unit_cost`` is what one piece was bought
    for, ``value`` what all that is left is worth now.

    ``receipt_id``: the receipt whose line brought it; none for what was transferred, found by a
    count, or put back. ``received_at``: since when the station has it, wherever it lay.
    """

    id: UUID
    product_id: UUID
    warehouse_id: UUID
    receipt_id: UUID | None
    position: int
    received_at: datetime
    quantity: Decimal
    unit_cost: Decimal
    remaining: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class Used:
    """So much of a lot, which is as it was before, and what that is worth, exactly."""

    lot: Lot
    quantity: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Consumption:
    """What a completion took of a lot for a line, and at which cost, exactly; kept, so that it can
    be put back as it went."""

    order_id: UUID
    completion: int
    line_id: UUID
    lot_id: UUID
    product_id: UUID
    warehouse_id: UUID
    quantity: Decimal
    cost: Decimal
    returned: bool = False

    @property
    def key(self) -> tuple[UUID, int, UUID, UUID]:
        return self.order_id, self.completion, self.line_id, self.lot_id


@dataclass(frozen=True, slots=True)
class Shortage:
    """What a completion issued to a line although it was not there. ``missing`` of the quantity
    has not come yet; ``value`` is what that was issued at, for want of anything better.

    The negative lot of its warehouse: what comes fills it before anybody else is served.
    """

    order_id: UUID
    completion: int
    line_id: UUID
    product_id: UUID
    warehouse_id: UUID
    since: datetime
    quantity: Decimal
    missing: Decimal
    value: Decimal

    @property
    def key(self) -> tuple[UUID, int, UUID]:
        return self.order_id, self.completion, self.line_id


@dataclass(frozen=True, slots=True)
class Handed:
    """A part that left with a done order, or came back from a reopened one; cost of all of it.
    ``provisional`` of the quantity was not there, and has no true cost yet."""

    line_id: UUID
    product_id: UUID
    quantity: Decimal
    cost: Decimal
    provisional: Decimal = ZERO


def handed(issued: Sequence[Consumption], shortage: Shortage | None = None) -> Handed:
    """What was taken for one line, and what was missing, come to: summed exactly, rounded once."""
    first = shortage or issued[0]
    missing, value = (shortage.missing, shortage.value) if shortage else (ZERO, ZERO)
    return Handed(
        first.line_id,
        first.product_id,
        sum((part.quantity for part in issued), missing),
        kopecks(sum((part.cost for part in issued), value)),
        missing,
    )


def used_up(lots: Iterable[Lot], quantity: Decimal) -> tuple[tuple[Lot, Decimal], ...]:
    """The lots that the quantity comes from, oldest first, and how much of each.

    Raises ``ArithmeticError`` when the lots do not have it.
    """
    parts: list[tuple[Lot, Decimal]] = []
    for lot in sorted(lots, key=lambda lot: (lot.received_at, lot.id)):
        part = min(lot.remaining, quantity)
        if part > 0:
            parts.append((lot, part))
            quantity -= part
    if quantity:
        raise ArithmeticError(f"the lots lack {quantity}")
    return tuple(parts)


def take(
    lots: Collection[Lot], quantity: Decimal, method: CostingMethod, just: Collection[Lot] = ()
) -> tuple[Used, ...]:
    """What of which lots makes up the quantity, and what it costs. ``just``: those of the lots that
    it comes of, if not of any of them.

    Raises ``ArithmeticError`` when the lots do not have it.
    """
    parts = used_up(just or lots, quantity)
    if method == "fifo":
        return tuple(Used(lot, part, share(lot.value, part, lot.remaining)) for lot, part in parts)
    value = sum((lot.value for lot in lots), ZERO)
    cost = share(value, quantity, sum((lot.remaining for lot in lots), ZERO))
    costs = spread(cost, [part for _, part in parts])
    return tuple(Used(lot, part, cost) for (lot, part), cost in zip(parts, costs, strict=True))


def left_after(
    lots: Collection[Lot], used: Iterable[Used], method: CostingMethod
) -> tuple[Lot, ...]:
    """All the lots once that has been taken."""
    taken = {each.lot.id: each for each in used}
    left = tuple(
        less(lot, taken[lot.id].quantity, taken[lot.id].cost) if lot.id in taken else lot
        for lot in lots
    )
    return left if method == "fifo" else pooled(left)


def pooled(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    """The lots, worth together what they were, and each the same per piece."""
    in_order = sorted(lots, key=lambda lot: (lot.received_at, lot.id))
    value = sum((lot.value for lot in in_order), ZERO)
    values = spread(value, [lot.remaining for lot in in_order])
    return tuple(replace(lot, value=each) for lot, each in zip(in_order, values, strict=True))


def spread(value: Decimal, weights: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """The value divided by the weights, without a remainder: what one part is rounded up by, the
    next ones have less. Nothing is left where the weights come to nothing."""
    total = sum(weights, ZERO)
    parts: list[Decimal] = []
    weight, given = ZERO, kopecks(ZERO)
    for each in weights:
        weight += each
        upto = share(value, weight, total)
        parts.append(upto - given)
        given = upto
    return tuple(parts)


def share(value: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Of a value that the whole has: all of it for all, else rounded to kopecks."""
    if part == whole:
        return value
    return (value * part / whole).quantize(KOPECK, ROUND_HALF_UP)


def less(lot: Lot, quantity: Decimal, cost: Decimal) -> Lot:
    return replace(lot, remaining=lot.remaining - quantity, value=lot.value - cost)


def kopecks(amount: Decimal) -> Decimal:
    return amount.quantize(KOPECK, ROUND_HALF_UP)


def check_books_can_hold(
    total_cost: Decimal, value_before: Decimal, on_hand_after: Sequence[Decimal]
) -> None:
    """Refuses a receipt that later sums could not show.

    What lies in all warehouses together stays within one amount of money, so that no order's
    cost, which is a part of it, can ever be too large for the books. ``on_hand_after`` is of each
    product over all warehouses.
    """
    if total_cost > MAX_MONEY or value_before + total_cost > MAX_MONEY:
        raise Refused("amount_too_large")
    if any(on_hand > MAX_ON_HAND for on_hand in on_hand_after):
        raise Refused("amount_too_large")
