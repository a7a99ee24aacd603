"""What an order sold, line by line, as two services tell it: the price by orders, the cost by
inventory."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from uuid import UUID

from shared.contracts.costing import IssueCostCorrected
from shared.contracts.inventory import PartsIssued
from shared.contracts.orders import CompletedService, OrderCompleted

_WHOLE = Decimal(100)

type LineKind = Literal["service", "product", "material"]


@dataclass(frozen=True, slots=True)
class Doer:
    """Who did ``share`` percent of a work."""

    employee_id: UUID
    share: Decimal


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A work with those who did it, or goods or a material with the work ``service_line_id`` that
    it is for. ``quantity`` is of parts, in the main unit."""

    line_id: UUID
    kind: LineKind
    total: Decimal
    name: str = ""
    service_id: UUID | None = None
    doers: tuple[Doer, ...] = ()
    service_line_id: UUID | None = None
    product_id: UUID | None = None
    quantity: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class IssuedLine:
    """What all of a line's parts cost when they left the warehouse."""

    line_id: UUID
    cost: Decimal


@dataclass(frozen=True, slots=True)
class CorrectedPart:
    """By how much all of an order's parts of one product cost more than was known; below zero:
    less."""

    product_id: UUID
    amount: Decimal


def sold_lines(event: OrderCompleted) -> tuple[SoldLine, ...]:
    works = (
        SoldLine(
            line.line_id,
            "service",
            line.total,
            line.name,
            line.service_id,
            _doers(line),
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


def _doers(line: CompletedService) -> tuple[Doer, ...]:
    """Older events tell of the mechanic alone, or of nobody."""
    if line.performers:
        return tuple(Doer(each.employee_id, each.share) for each in line.performers)
    return (Doer(line.mechanic_id, _WHOLE),) if line.mechanic_id else ()


def corrected_parts(event: IssueCostCorrected) -> tuple[CorrectedPart, ...]:
    return tuple(CorrectedPart(line.product_id, line.amount) for line in event.lines)


def issued_lines(event: PartsIssued) -> tuple[IssuedLine, ...]:
    return tuple(IssuedLine(line.line_id, line.cost) for line in event.lines)
