"""What an order costs the station: its parts, and its technicians' shares of the works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from services.orders.domain.order import Order, ServiceLine
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
    """What those who do the works will earn by their own percents of today, line by line."""
    return sum((_pay_of(order, line, percents) for line in order.billed_services), NOTHING)


def _pay_of(order: Order, line: ServiceLine, percents: Mapping[UUID, Decimal]) -> Decimal:
    """Those of the same percent share what one of them alone would have earned, as is booked."""
    shares: dict[Decimal, Decimal] = {}
    for performer in order.performers_of(line):
        percent = percents.get(performer.employee_id, NOTHING)
        shares[percent] = shares.get(percent, NOTHING) + performer.share
    pays = (
        to_kopecks(line.total * percent / 100 * share / 100) for percent, share in shares.items()
    )
    return sum(pays, NOTHING)
