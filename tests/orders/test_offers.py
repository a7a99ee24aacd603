"""Works that may be put on an order, with the prices for its car, on the real service."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shared.contracts.orders import AddService, ChangeService
from shared.contracts.works import CreateVariant, OfferWorks
from shared.ids import new_id
from shared.refusals import Refused
from tests.orders.test_handlers import a_new_order
from tests.orders.test_price_list import a_work, an_order_of_a_car
from tests.support.day import Station


async def test_a_work_is_offered_at_the_price_for_the_orders_car(station: Station) -> None:
    oil = await a_work(station, name="Замена масла", estimation_minutes=30)
    wash = await a_work(
        station, name="Мойка", labor_hours=Decimal("0.92"), labor_rate=Decimal("543.48")
    )
    vesta = await station.send(
        CreateVariant(
            service_id=oil.id,
            vendor="Lada",
            model="Vesta",
            price=Decimal(1200),
            estimation_minutes=40,
        )
    )
    order = await an_order_of_a_car(station)
    offered = (await station.ask(OfferWorks(order_id=order.id))).items
    assert [(each.service.id, each.price, each.estimation_minutes) for each in offered] == [
        (oil.id, Decimal(1200), 40),
        (wash.id, Decimal(500), 55),
    ]
    assert (offered[0].variant_id, offered[0].own_price) == (vesta.id, Decimal(1000))
    assert [each.price_asked for each in offered[0].variants] == [Decimal(1200)]

    without_car = await a_new_order(station)
    offered = (await station.ask(OfferWorks(order_id=without_car.id, q="масл"))).items
    assert [(each.price, each.variant_id) for each in offered] == [(Decimal(1000), None)]


async def test_works_are_found_by_fragments_in_any_order_and_only_active_ones(
    station: Station,
) -> None:
    front = await a_work(station, name="Замена передних колодок")
    rear = await a_work(station, name="Замена задних колодок")
    order = await a_new_order(station)

    async def found(q: str) -> list[str]:
        answer = await station.ask(OfferWorks(order_id=order.id, q=q))
        return [each.service.name for each in answer.items]

    assert await found("КОЛОД перед") == [front.name]
    assert await found("колод_") == []
    await station.send(ChangeService(service_id=front.id, active=False))
    assert await found("колод") == [rear.name]
    with pytest.raises(Refused, match="service_not_found"):
        await station.ask(OfferWorks(order_id=order.id, service_id=front.id))
    with pytest.raises(Refused, match="order_not_found"):
        await station.ask(OfferWorks(order_id=new_id()))
    # Nor is it put on an order by whoever knows its id.
    with pytest.raises(Refused, match="service_inactive"):
        await station.send(AddService(order_id=order.id, service_id=front.id))
    await station.send(ChangeService(service_id=front.id, active=True))
    assert (await station.send(AddService(order_id=order.id, service_id=front.id))).services
