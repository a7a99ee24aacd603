"""Visits: settled orders of a client, as finance tells of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Visit:
    """One completion of an order. Once reversed it never counts again, whatever comes later; of
    one whose reversal was heard first nothing but that is known."""

    order_id: UUID
    completion: int
    client_id: UUID | None = None
    at: datetime | None = None
    section_id: UUID | None = None
    revenue: Decimal | None = None
    reversed: bool = False
