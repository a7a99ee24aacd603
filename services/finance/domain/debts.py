"""Debts by age: since when an order's money is due, and how long that is ago."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from services.finance.domain.ledger import ZERO
from shared.contracts.statements import Ages, DebtOrder

_BUCKETS = ((7, "days_0_7"), (30, "days_8_30"), (60, "days_31_60"), (90, "days_61_90"))


def due_on(settled_at: datetime, payment_days: int, zone: ZoneInfo) -> date:
    """The day from which a debt's age is counted: so many days after the settlement as the client's
    contract gives."""
    return settled_at.astimezone(zone).date() + timedelta(days=payment_days)


def ages_of(orders: Iterable[DebtOrder]) -> dict[str, Decimal]:
    """The fields of ``Ages`` that these debts come to."""
    sums = dict.fromkeys(Ages.model_fields, ZERO)
    for order in orders:
        bucket = next((name for days, name in _BUCKETS if order.days <= days), "days_over_90")
        sums[bucket] += order.due
        sums["owes"] += order.due
    return sums
