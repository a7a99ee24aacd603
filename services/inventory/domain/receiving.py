"""What a receipt comes to: VAT taken apart, extra costs spread, and what each line is worth in
stock: exactly what was paid for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from services.inventory.domain.costing import KOPECK, kopecks, spread
from services.inventory.domain.stock import THOUSANDTH
from services.inventory.domain.units import MAIN, Purchase, in_main_units, purchased, unit_named
from shared.contracts.base import MAX_MONEY
from shared.contracts.inventory import (
    ExtraCost,
    ExtraSpread,
    ProductView,
    ReceiptLine,
    ReceivedLine,
    SupplierCharge,
)
from shared.refusals import Refused

NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Terms:
    """How the prices of a receipt are meant, and what came on top of them."""

    supplier_id: UUID
    prices_include_vat: bool
    vat_in_cost: bool
    extra_costs: tuple[ExtraCost, ...]
    extra_spread: ExtraSpread


@dataclass(frozen=True, slots=True)
class Price:
    """Taken apart, so that both parts together are the whole to the kopeck."""

    net: Decimal
    vat: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.vat

    def cost(self, *, vat_in_cost: bool) -> Decimal:
        """The part that is stock's; the rest is to be deducted."""
        return self.gross if vat_in_cost else self.net


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A receipt's lines with all that was reckoned of them."""

    lines: tuple[ReceiptLine, ...]
    purchases: tuple[Purchase, ...]
    """What each line brings to stock."""
    charges: tuple[SupplierCharge, ...]

    @property
    def total_cost(self) -> Decimal:
        return sum((purchase.total for purchase in self.purchases), NOTHING)

    @property
    def net(self) -> Decimal:
        return sum((line.total_without_vat or NOTHING for line in self.lines), NOTHING)

    @property
    def vat(self) -> Decimal:
        return sum((line.vat for line in self.lines), NOTHING)


def priced(amount: Decimal, percent: Decimal | None, *, includes_vat: bool) -> Price:
    """VAT is rounded once, and the other part is what is left or what comes on top."""
    rate = percent or Decimal(0)
    if includes_vat:
        vat = kopecks(amount * rate / (100 + rate))
        return Price(amount - vat, vat)
    return Price(amount, kopecks(amount * rate / 100))


def reckoned(entered: Sequence[tuple[ReceivedLine, ProductView]], terms: Terms) -> Reckoned:
    """Refused: ``unit_unknown``, ``quantity_not_exact``, ``amount_too_large``."""
    prices = [_price_of(line, terms) for line, _ in entered]
    extras = [
        priced(kopecks(extra.amount), extra.vat_percent, includes_vat=terms.prices_include_vat)
        for extra in terms.extra_costs
    ]
    if sum(price.gross for price in (*prices, *extras)) > MAX_MONEY:
        raise Refused("amount_too_large")
    measured = [_measured(line, product) for line, product in entered]
    costs = [price.cost(vat_in_cost=terms.vat_in_cost) for price in prices]
    quantities = [quantity for quantity, _ in measured]
    weights = costs if terms.extra_spread == "by_value" and any(costs) else quantities
    extra_costs = [extra.cost(vat_in_cost=terms.vat_in_cost) for extra in extras]
    shares = spread(sum(extra_costs, NOTHING), weights)
    purchases = tuple(
        purchased(quantity, cost + share)
        for quantity, cost, share in zip(quantities, costs, shares, strict=True)
    )
    lines = tuple(
        ReceiptLine(
            product_id=product.id,
            barcode=line.barcode,
            quantity=line.quantity.quantize(THOUSANDTH),
            cost=line.cost.quantize(KOPECK),
            measure=measure,
            vat_percent=line.vat_percent,
            main_quantity=purchase.quantity,
            total_without_vat=price.net,
            vat=price.vat,
            total_with_vat=price.gross,
            extra_cost=share,
            stock_cost=purchase.total,
        )
        for (line, product), (_, measure), price, share, purchase in zip(
            entered, measured, prices, shares, purchases, strict=True
        )
    )
    return Reckoned(lines, purchases, _charges(prices, extras, terms))


def _price_of(line: ReceivedLine, terms: Terms) -> Price:
    amount = kopecks(line.quantity * line.cost)
    return priced(amount, line.vat_percent, includes_vat=terms.prices_include_vat)


def _measured(line: ReceivedLine, product: ProductView) -> tuple[Decimal, str | None]:
    """Its quantity in main units, and the name of the unit that it was entered in."""
    if line.measure is None:
        return in_main_units(line.quantity, MAIN), None
    unit = unit_named(product, line.measure)
    return in_main_units(line.quantity, unit.factor), unit.short_name


def _charges(
    prices: Sequence[Price], extras: Sequence[Price], terms: Terms
) -> tuple[SupplierCharge, ...]:
    """By supplier, that of the goods first."""
    owed: dict[UUID, list[Price]] = {terms.supplier_id: list(prices)}
    for extra, price in zip(terms.extra_costs, extras, strict=True):
        owed.setdefault(extra.supplier_id or terms.supplier_id, []).append(price)
    return tuple(
        charge(supplier_id, parts, vat_in_cost=terms.vat_in_cost)
        for supplier_id, parts in owed.items()
    )


def charge(supplier_id: UUID, parts: Iterable[Price], *, vat_in_cost: bool) -> SupplierCharge:
    parts = list(parts)
    cost = sum((part.cost(vat_in_cost=vat_in_cost) for part in parts), NOTHING)
    gross = sum((part.gross for part in parts), NOTHING)
    return SupplierCharge(supplier_id=supplier_id, cost=cost, vat=gross - cost)
