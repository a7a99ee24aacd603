"""What the catalogue of works offers for an order, with the prices for its car."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal

from sqlalchemy import ColumnElement, func

from services.orders.domain.order import Order
from services.orders.domain.variants import Car, Variant, chosen
from services.orders.handlers.lines import car_of, offer_of, suggested
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.tables import works
from shared.contracts.base import Page
from shared.contracts.orders import AddService, ServiceView
from shared.contracts.works import OfferedVariant, OfferedWork, OfferWorks
from shared.handlers import Work
from shared.refusals import Refused


@handlers.question(OfferWorks)
async def offer_works(question: OfferWorks, store: OrdersStore, work: Work) -> Page[OfferedWork]:
    order = await store.shown(question.order_id)
    conditions: list[ColumnElement[bool]] = [works.c.active]
    conditions += [
        func.lower(works.c.name).contains(word, autoescape=True)
        for word in question.q.lower().split()
    ]
    if question.service_id:
        conditions.append(works.c.id == question.service_id)
    found = await store.places.page(
        works,
        lambda row: ServiceView(**row._mapping),
        question.limit,
        question.cursor,
        *conditions,
    )
    if question.service_id and not found.items:
        raise Refused("service_not_found", id=question.service_id)
    by_vehicle = [service.id for service in found.items if service.has_variants]
    await store.catalogue.load_variants(by_vehicle)
    car = await car_of(order, store, work) if by_vehicle else Car()
    return Page(
        items=tuple([await _offered(one, order, car, store, work) for one in found.items]),
        next=found.next,
    )


async def _offered(
    service: ServiceView, order: Order, car: Car, store: OrdersStore, work: Work
) -> OfferedWork:
    variants = await store.catalogue.variants_of(service.id) if service.has_variants else ()
    fitting = chosen(variants, car)
    command = AddService(order_id=order.id, service_id=service.id)

    async def asked(variant: Variant | None) -> Decimal:
        return await suggested(command, offer_of(command, service, variant), store, work)

    return OfferedWork(
        service=service,
        price=await asked(fitting),
        variant_id=fitting.id if fitting else None,
        estimation_minutes=offer_of(command, service, fitting).minutes,
        own_price=await asked(None),
        variants=tuple(
            [OfferedVariant(**asdict(each), price_asked=await asked(each)) for each in variants]
        ),
    )
