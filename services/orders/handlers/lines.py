"""New lines of an order: what the catalogue and the copies say of a work or a part, when it is put
on the order, alone or in a package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.orders.domain import pricing
from services.orders.domain.order import Order, PartLine, Performer, ServiceLine
from services.orders.domain.performers import shared_by
from services.orders.domain.units import THOUSANDTH, entered
from services.orders.domain.variants import Car, Variant, chosen
from services.orders.handlers.people import ensure_works_here
from services.orders.store import OrdersStore
from services.orders.store.tables import works
from shared.contracts import orders as shown
from shared.contracts.orders import AddService, PartRequest
from shared.handlers import Work
from shared.refusals import Refused
from shared.roles import MAY_PRICE

_PRICED = frozenset(
    {"initial_price", "discount_percent", "fixed_discount", "labor_hours", "labor_rate",
     "variant_id", "performers"}
)  # fmt: skip
"""What of a request says what a line costs, or who earns by it."""


def next_position(order: Order) -> int:
    return max((line.position for line in order.lines), default=0) + 1


def ensure_may_price(role: str | None, request: AddService | PartRequest) -> None:
    """Prices and shares are the counter's: whoever is at the car or in the store says what is
    needed, and the catalogue what it costs. Raises ``forbidden``."""
    fields = type(request).model_fields
    if role not in MAY_PRICE and any(
        getattr(request, name) != fields[name].default for name in _PRICED & fields.keys()
    ):
        raise Refused("forbidden")


async def service_line(
    command: AddService, order: Order, position: int, store: OrdersStore, work: Work
) -> ServiceLine:
    """A catalogue work brings name, price, hours and minutes, those of the variant for the order's
    car if there is one; a free work its name and price."""
    catalogue: Any = None
    if command.service_id:
        catalogue = await store.places.get(works, command.service_id)
        if not catalogue.active:
            raise Refused("service_inactive", name=catalogue.name)
    elif command.name is None:
        raise Refused("service_unnamed")
    variant = await _variant(command, catalogue, order, store, work)
    offer = offer_of(command, catalogue, variant)
    performers = await performers_of(command.performers, order, store)
    return ServiceLine(
        id=work.new_id(),
        position=position,
        service_id=command.service_id,
        name=command.name or catalogue.name,
        comment=command.comment,
        quantity=command.quantity.quantize(THOUSANDTH),
        price=pricing.formed(
            await suggested(command, offer, store, work),
            command.initial_price,
            order.discount(
                "service",
                command.discount_percent,
                takes_none=bool(catalogue and catalogue.no_discount),
            ),
            command.fixed_discount,
        ),
        labor_hours=offer.labor_hours,
        labor_rate=offer.labor_rate,
        estimation_minutes=(
            offer.minutes if command.estimation_minutes is None else command.estimation_minutes
        ),
        mechanic_id=performers[0].employee_id if performers else command.mechanic_id,
        performers=shared_by(performers, command.mechanic_id),
        suggested_minutes=offer.minutes,
        catalogue_comment=catalogue.comment if catalogue else None,
        group=catalogue.group if catalogue else None,
        warranty_days=catalogue.warranty_days if catalogue else None,
        warranty_km=catalogue.warranty_km if catalogue else None,
        variant_id=variant.id if variant else None,
    )


async def performers_of(
    named: Sequence[shown.Performer], order: Order, store: OrdersStore
) -> tuple[Performer, ...]:
    """Raises ``employee_inactive``, ``employee_not_found``."""
    for one in named:
        await ensure_works_here(one.employee_id, store, order)
    return tuple(Performer(one.employee_id, one.share) for one in named)


async def part_line(
    request: PartRequest, order: Order, position: int, store: OrdersStore, work: Work
) -> PartLine:
    product = await store.copies.product(request.product_id, work)
    if product.unpriced and request.initial_price is None:
        # The matrix has no cost to reckon with yet: nothing is sold for nothing by oversight.
        raise Refused("price_missing")
    quantity = entered(
        request.quantity,
        request.measure,
        product=product.name,
        main=product.measure,
        units=product.units,
    )
    return PartLine(
        id=work.new_id(),
        position=position,
        kind=request.kind,
        service_line_id=request.service_line_id,
        product_id=request.product_id,
        name=product.name,
        oem=product.oem,
        measure=product.measure,
        **quantity.fields,
        product_comment=product.comment,
        vendor=product.vendor,
        group=product.group,
        warranty_days=product.warranty_days,
        warranty_km=product.warranty_km,
        price=pricing.formed(
            product.price,
            request.initial_price,
            order.discount(request.kind, request.discount_percent, takes_none=product.no_discount),
            request.fixed_discount,
        ),
    )


# --- what the catalogue offers -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """A fixed price, or hours and their rate; what of it a person says wins."""

    price: Decimal | None
    labor_hours: Decimal | None
    labor_rate: Decimal | None
    minutes: int


def offer_of(command: AddService, catalogue: Any, variant: Variant | None) -> Offer:
    source = variant or catalogue
    said = command.labor_hours
    hours = said if said is None else said.quantize(pricing.HOURS)
    rate = None if command.labor_rate is None else pricing.to_kopecks(command.labor_rate)
    if source is None:
        return Offer(None, hours, rate, 0)
    minutes = variant.estimation_minutes if variant else None
    return Offer(
        price=source.price,
        labor_hours=source.labor_hours if hours is None else hours,
        labor_rate=source.labor_rate if rate is None else rate,
        minutes=catalogue.estimation_minutes if minutes is None else minutes,
    )


async def suggested(command: AddService, offer: Offer, store: OrdersStore, work: Work) -> Decimal:
    """A fixed price, or norm-hours times their rate; of a free work what is asked."""
    if offer.price is not None:
        return offer.price
    if offer.labor_hours is not None and offer.labor_rate is not None:
        rules = await store.catalogue.price_rules(work.settings)
        return pricing.labor_price(offer.labor_hours, offer.labor_rate, rules.step, rules.mode)
    if command.initial_price is None:
        raise Refused("price_missing")
    return command.initial_price


async def _variant(
    command: AddService, catalogue: Any, order: Order, store: OrdersStore, work: Work
) -> Variant | None:
    """The one that is named, or else the one for the order's car."""
    if command.variant_id == "none":
        return None
    has_any = catalogue is not None and catalogue.has_variants
    variants = await store.catalogue.variants_of(catalogue.id) if has_any else ()
    if command.variant_id is None:
        return chosen(variants, await car_of(order, store, work)) if variants else None
    for variant in variants:
        if variant.id == command.variant_id:
            return variant
    raise Refused("variant_not_found", id=command.variant_id)


async def car_of(order: Order, store: OrdersStore, work: Work) -> Car:
    vehicle_id: UUID | None = order.header.vehicle_id
    if vehicle_id is None:
        return Car()
    car = (await store.copies.many(work, vehicle_ids=[vehicle_id])).vehicles.get(vehicle_id)
    if car is None or not car.complete:
        # A price for another car would be worse than none for now.
        raise Refused("service_unavailable", service="clients")
    return Car(car.vendor, car.model, car.vehicle_class, car.engine, car.year)
