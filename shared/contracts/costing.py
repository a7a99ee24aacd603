"""How stock is valued, where it lies, and whether its books agree: ``services/inventory``."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    Event,
    Money,
    Page,
    Quantity,
    Question,
    SignedMoney,
    StockQuantity,
    View,
)

CostingMethod = Literal["fifo", "average"]
"""What an issued part costs: its lot's share, the oldest lot first; or its share of the pool."""


class MayBeMissing(View):
    """A product that may be issued although it is not there, and the warehouse that allows it."""

    product_id: UUID
    warehouse_id: UUID


class WhatMayBeMissing(Question[Page[MayBeMissing]]):
    """Which of the products an order may take although they are not there; of the others there is
    none. The answer is one page, whatever is asked for."""

    subject: ClassVar[str] = "ask.inventory.what_may_be_missing.v1"

    product_ids: tuple[UUID, ...] = Field(min_length=1, max_length=500)


class CorrectedPart(View):
    """``quantity`` of what the line was issued short has come. ``amount`` is what it cost more
    (below zero: less) than was booked; ``cost`` is of the whole line, as it is now; so much of it
    is ``provisional`` still."""

    line_id: UUID
    product_id: UUID
    quantity: Quantity
    amount: SignedMoney
    cost: Money
    provisional: StockQuantity


class IssueCostCorrected(Event):
    """What a done order took although it was not there has come, and costs what it costs.
    Producer: inventory. Consumers: orders (the lines' costs), finance (cost against stock), audit.
    """

    subject: ClassVar[str] = "evt.inventory.issue_cost_corrected.v1"

    order_id: UUID
    completion: int
    lines: tuple[CorrectedPart, ...]
    amount: SignedMoney

    def aggregate_id(self) -> UUID:
        return self.order_id


class WrittenOffPart(View):
    line_id: UUID
    product_id: UUID
    quantity: Quantity
    cost: Money


class IssuedPartWrittenOff(Event):
    """Parts of a reopened order were taken off it and are lost, instead of going back to stock.
    Producer: inventory. Consumers: finance (expense against stock), audit."""

    subject: ClassVar[str] = "evt.inventory.issued_part_written_off.v1"

    order_id: UUID
    lines: tuple[WrittenOffPart, ...]
    cost: Money
    reason: str | None = None

    def aggregate_id(self) -> UUID:
        return self.order_id
