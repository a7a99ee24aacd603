"""VAT that an order's prices contain: as finance posts it, line by line that the client sees."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from services.orders.domain.order import Order
from services.orders.domain.pricing import NOTHING
from shared.contracts.taxes import VatRate
from shared.vat import percent_on, vat_within


def percent_of(
    order: Order, rates: Iterable[VatRate], now: datetime, zone: ZoneInfo
) -> Decimal | None:
    """What the books took, once it is settled; before, the rate of the day of its completion, or
    of today. ``None``: without VAT."""
    if order.vat is not None:
        return order.vat_percent
    return percent_on(rates, (order.completed_at or now).astimezone(zone).date())


def vat_of(order: Order, percent: Decimal | None) -> Decimal:
    """Of all that is on the bill."""
    works = (order.customer_total(line) for line in order.billed_services)
    goods = (part.total for part in order.billed_parts if part.kind == "product" and part.counts)
    return sum((vat_within(price, percent) for price in (*works, *goods)), NOTHING)
