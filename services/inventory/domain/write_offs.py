"""A write-off: goods that left the stock at their cost, and may be put back if it was a mistake."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.inventory.domain.storekeeping import Portion, worth
from shared.contracts.stock_documents import WriteOffState
from shared.refusals import Refused


@dataclass(frozen=True, slots=True)
class WriteOff:
    """``lines``: what was taken of each product, in the order of the document."""

    id: UUID
    number: str
    at: datetime
    warehouse_id: UUID
    reason: str
    actor: str
    lines: tuple[tuple[UUID, tuple[Portion, ...]], ...]
    state: WriteOffState = "posted"
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    revision: int = 1

    @property
    def product_ids(self) -> set[UUID]:
        return {product_id for product_id, _ in self.lines}

    @property
    def value(self) -> Decimal:
        """What the lines come to, each as it is shown: rounded to kopecks."""
        return sum((worth(portions) for _, portions in self.lines), Decimal("0.00"))

    def cancelled(self, at: datetime, reason: str) -> WriteOff:
        """Refused: ``write_off_cancelled``."""
        if self.state == "cancelled":
            raise Refused("write_off_cancelled", number=self.number)
        return replace(
            self,
            state="cancelled",
            cancelled_at=at,
            cancel_reason=reason,
            revision=self.revision + 1,
        )
