"""VAT of a sale: how much of each part of an order's revenue is the state's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from shared.contracts.finance import NO_VAT
from shared.contracts.fiscal import VatCode
from shared.contracts.orders import OrderCompleted
from shared.contracts.taxes import SetVatRates, VatRate
from shared.refusals import Refused
from shared.vat import vat_within

VAT_CODES: Mapping[Decimal, VatCode] = {
    Decimal(0): "vat0",
    Decimal(5): "vat5",
    Decimal(7): "vat7",
    Decimal(10): "vat10",
    Decimal(20): "vat20",
    Decimal(22): "vat22",
}
"""Of the rates that registers know."""


@dataclass(frozen=True, slots=True)
class Vat:
    """What the prices of one completion contain, by the accounts that it is taken from.
    ``percent``: of its business day; ``None``: sold without VAT."""

    percent: Decimal | None = None
    services: Decimal = NO_VAT
    products: Decimal = NO_VAT
    materials: Decimal = NO_VAT

    @property
    def total(self) -> Decimal:
        return self.services + self.products + self.materials


def vat_of(event: OrderCompleted, percent: Decimal | None) -> Vat:
    """Rounded per line that the client sees: goods, and works with the materials that they carry.

    What of a work's VAT is its materials' is only a matter of accounts; the works take the rest.
    """
    if not percent:
        return Vat(percent)
    works: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for line in event.services:
        works[line.line_id] += line.total
    goods, materials = NO_VAT, NO_VAT
    for part in event.parts:
        if part.kind == "product":
            goods += vat_within(part.total, percent)
        else:
            works[part.service_line_id or part.line_id] += part.total
            materials += part.total
    total = sum((vat_within(price, percent) for price in works.values()), NO_VAT)
    charged = event.total - event.products_total - event.materials_total
    services = min(max(total - vat_within(materials, percent), NO_VAT), charged)
    return Vat(percent, services, goods, total - services)


def in_force_from(day: date, rates: Sequence[VatRate]) -> list[VatRate]:
    """Those, of ``rates`` in their order, that something is still to be sold at."""
    ended = {rate.since for rate, following in pairwise(rates) if following.since <= day}
    return [rate for rate in rates if rate.since not in ended]


def rates_of(command: SetVatRates) -> tuple[VatRate, ...]:
    """The rates in their order. Refused: ``vat_rates_missing``, ``vat_rates_same_day``."""
    if command.regime == "vat" and not command.rates:
        raise Refused("vat_rates_missing")
    rates = sorted(command.rates, key=lambda rate: rate.since)
    for earlier, later in pairwise(rates):
        if earlier.since == later.since:
            raise Refused("vat_rates_same_day", day=later.since.isoformat())
    return tuple(rates)


def without_code(percents: Iterable[Decimal | None]) -> list[Decimal]:
    """Those that no register prints, each once."""
    return sorted({one for one in percents if one is not None and one not in VAT_CODES})


def as_said(percents: Iterable[Decimal]) -> str:
    """``18, 16.67``"""
    return ", ".join(f"{one.normalize():f}" for one in percents)
