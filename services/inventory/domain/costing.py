"""What parts cost: lots are used up in the order in which they came (FIFO), per warehouse.

Costs are summed exactly and rounded once, to kopecks half up, where a sum is shown or booked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from services.inventory.domain.stock import ZERO
from shared.contracts.base import MAX_MONEY, MAX_QUANTITY
from shared.refusals import Refused

KOPECK = Decimal("0.01")
MAX_ON_HAND = MAX_QUANTITY * 1000


@dataclass(frozen=True, slots=True)
class Lot:
    """What one receipt line brought, and what is left of it. Costs are of one unit."""

    id: UUID
    product_id: UUID
    warehouse_id: UUID
    receipt_id: UUID
    position: int
    received_at: datetime
    quantity: Decimal
    unit_cost: Decimal
    remaining: Decimal


@dataclass(frozen=True, slots=True)
class Consumption:
    """What a completion took of a lot for a line; kept, so that it can be put back exactly."""

    order_id: UUID
    completion: int
    line_id: UUID
    lot_id: UUID
    product_id: UUID
    warehouse_id: UUID
    quantity: Decimal
    unit_cost: Decimal
    returned: bool = False

    @property
    def key(self) -> tuple[UUID, int, UUID, UUID]:
        return self.order_id, self.completion, self.line_id, self.lot_id

    @property
    def cost(self) -> Decimal:
        return self.quantity * self.unit_cost


@dataclass(frozen=True, slots=True)
class Handed:
    """A part that left with a done order, or came back from a reopened one; cost of all of it."""

    line_id: UUID
    product_id: UUID
    quantity: Decimal
    cost: Decimal


def handed(consumptions: Sequence[Consumption]) -> Handed:
    """What the consumptions of one line come to: summed exactly, rounded once."""
    return Handed(
        consumptions[0].line_id,
        consumptions[0].product_id,
        sum((part.quantity for part in consumptions), ZERO),
        kopecks(sum((part.cost for part in consumptions), ZERO)),
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


def less(lot: Lot, quantity: Decimal) -> Lot:
    return replace(lot, remaining=lot.remaining - quantity)


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
