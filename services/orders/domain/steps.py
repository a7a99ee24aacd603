"""Every step of how lines' prices came about, found by comparing an order with what it was.

Whatever changes an order, its steps are found here, so that no way of changing one can forget
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import get_args
from uuid import UUID

from services.orders.domain.order import Order, PartLine, ServiceLine
from shared.contracts.orders import PriceStepKind

type _Line = ServiceLine | PartLine


@dataclass(frozen=True, slots=True)
class PriceStep:
    """One value of which a line's price is made, before (``None``: there was none) and after."""

    line_id: UUID
    step: PriceStepKind
    old: Decimal | None
    new: Decimal


def steps_between(before: Order | None, after: Order) -> Iterator[PriceStep]:
    """Of the lines that were added or changed; a new line's zero discounts are no steps."""
    old_lines = {line.id: line for line in before.lines} if before else {}
    for line in after.lines:
        old_line = old_lines.get(line.id)
        if old_line is not line:
            yield from _steps(old_line, line)


def _steps(before: _Line | None, after: _Line) -> Iterator[PriceStep]:
    old, new = _values(before) if before else {}, _values(after)
    for step in _KINDS:
        value = new.get(step)
        if value is None or value == (old if before else _NOTHING).get(step):
            continue
        yield PriceStep(after.id, step, old.get(step), value)


_KINDS: tuple[PriceStepKind, ...] = get_args(PriceStepKind)
_NOTHING: dict[PriceStepKind, Decimal | None] = {
    "discount_percent": Decimal(0),
    "fixed_discount": Decimal(0),
}


def _values(line: _Line) -> dict[PriceStepKind, Decimal | None]:
    values: dict[PriceStepKind, Decimal | None] = {
        "suggested": line.price.suggested,
        "initial_price": line.price.initial,
        "discount_percent": line.price.discount_percent,
        "fixed_discount": line.price.fixed_discount,
        "quantity": line.quantity,
    }
    if isinstance(line, ServiceLine):
        return {**values, "labor_hours": line.labor_hours, "labor_rate": line.labor_rate}
    return {**values, "warehouse_price": line.warehouse_price}
