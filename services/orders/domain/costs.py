"""What an order costs the station: its parts, and its technicians' shares of the works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from services.orders.domain.order import Order
from services.orders.domain.pricing import NOTHING, to_kopecks


@dataclass(frozen=True, slots=True)
class Costs:
    """``cost`` is of parts and materials, ``pay`` is the technicians', ``vat`` is contained in the
    prices; ``None``: not known."""

    cost: Decimal | None
    pay: Decimal | None
    vat: Decimal | None

    def margin(self, total: Decimal) -> Decimal | None:
        """As finance has it: what is left of the total."""
        if self.cost is None or self.pay is None or self.vat is None:
            return None
        return total - self.vat - self.cost - self.pay


def expected_pay(order: Order, percents: Mapping[UUID, Decimal]) -> Decimal:
    """What the mechanics will earn by today's shares: rounded line by line, as pay is booked."""
    shares = (
        to_kopecks(line.total * percents.get(order.mechanic_of(line), NOTHING) / 100)
        for line in order.billed_services
    )
    return sum(shares, NOTHING)
