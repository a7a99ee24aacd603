"""A car's owners, plates and mileages with its orders, whoever owned it then."""

from __future__ import annotations

from decimal import Decimal

from shared.contracts.clients import ChangeVehicle
from shared.contracts.orders import AddService, ChangeOrder
from shared.contracts.vehicle_history import GetVehicleHistory, VehicleFactView
from tests.support.day import Station


async def test_orders_stand_among_the_facts_with_what_was_done(station: Station) -> None:
    seller, buyer = await station.a_client(), await station.a_client(last_name="Петров")
    car = await station.a_vehicle(seller.id, mileage_km=50_000)
    product, warehouse = await station.a_product(), await station.a_warehouse()
    await station.receive(warehouse.id, product.id, "5")
    first = await station.an_order(client_id=seller.id, vehicle_id=car.id)
    await station.send(
        AddService(order_id=first.id, name="Замена масла", initial_price=Decimal(1000))
    )
    await station.request(first.id, product.id, "2")
    await station.send(ChangeOrder(order_id=first.id, mileage_km=50_100))
    await station.send(ChangeVehicle(vehicle_id=car.id, client_id=buyer.id, mileage_km=51_000))
    second = await station.an_order(client_id=buyer.id, vehicle_id=car.id)
    await station.settle_down()

    told: list[VehicleFactView] = []
    cursor = None
    while True:
        page = await station.ask(GetVehicleHistory(vehicle_id=car.id, limit=2, cursor=cursor))
        told += page.items
        cursor = page.next
        if cursor is None:
            break
    assert [(fact.kind, fact.value) for fact in told] == [
        ("order", second.number),
        ("mileage", "51000"),
        ("owner", "Петров Иван"),
        ("order", first.number),
        ("mileage", "50000"),
        ("plate", "А123ВС77"),
        ("owner", "Иванов Иван"),
    ]
    assert (told[0].client_id, told[3].client_id) == (buyer.id, seller.id)
    order = told[3].order
    assert order
    assert order.mileage_km == 50_100
    assert [(line.kind, line.name, line.quantity, line.total) for line in order.lines] == [
        ("service", "Замена масла", Decimal(1), Decimal(1000)),
        ("product", "Фильтр масляный", Decimal(2), Decimal(200)),
    ]
    assert "cost" not in order.model_dump_json()

    await station.stop("orders")
    page = await station.ask(GetVehicleHistory(vehicle_id=car.id))
    assert page.missing == ("orders",)
    assert [fact.kind for fact in page.items] == ["mileage", "owner", "mileage", "plate", "owner"]
    await station.start("orders")
