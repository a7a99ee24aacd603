"""What an order sold, line by line, as two services tell it: the price by orders, the cost by
inventory."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.finance.domain.ledger import kopecks
from shared.contracts.inventory import PartsIssued
from shared.contracts.orders import OrderCompleted

type LineKind = Literal["service", "product", "material"]


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A work, or goods or a material with the work ``service_line_id`` that it is for.

    ``pay`` is the share of who did the work. ``quantity`` is of parts, in the main unit.
    """

    line_id: UUID
    kind: LineKind
    total: Decimal
    name: str = ""
    service_id: UUID | None = None
    employee_id: UUID | None = None
    pay: Decimal = Decimal("0.00")
    service_line_id: UUID | None = None
    product_id: UUID | None = None
    quantity: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class IssuedLine:
    """What all of a line's parts cost when they left the warehouse."""

    line_id: UUID
    cost: Decimal


def pay_of(total: Decimal, percent: Decimal) -> Decimal:
    """What a technician earns by one work: a share of the work alone, never of its materials."""
    return kopecks(total * percent / 100)


def sold_lines(event: OrderCompleted) -> tuple[SoldLine, ...]:
    works = (
        SoldLine(
            line.line_id,
            "service",
            line.total,
            line.name,
            line.service_id,
            line.mechanic_id,
            pay_of(line.total, line.pay_percent),
        )
        for line in event.services
    )
    parts = (
        SoldLine(
            line.line_id,
            line.kind,
            line.total,
            service_line_id=line.service_line_id,
            product_id=line.product_id,
            quantity=line.quantity,
        )
        for line in event.parts
    )
    return (*works, *parts)


def issued_lines(event: PartsIssued) -> tuple[IssuedLine, ...]:
    return tuple(IssuedLine(line.line_id, line.cost) for line in event.lines)
