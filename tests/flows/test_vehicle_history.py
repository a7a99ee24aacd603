"""A car's owners, plates and mileages with its orders, whoever owned it then."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from services.orders.store.tables import vehicles
from shared.contracts.base import Change
from shared.contracts.client_data import EraseClient
from shared.contracts.clients import ChangeVehicle, GetVehicle
from shared.contracts.copies import ListToldByClients
from shared.contracts.orders import AddService, ChangeOrder, OrderChanged
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
    await station.settle_down()
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
        ("mileage", "50100"),
        ("order", first.number),
        ("mileage", "50000"),
        ("plate", "А123ВС77"),
        ("owner", "Иванов Иван"),
    ]
    assert (told[0].client_id, told[4].client_id) == (buyer.id, seller.id)
    order = told[4].order
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
    kinds = ["mileage", "owner", "mileage", "mileage", "plate", "owner"]
    assert [fact.kind for fact in page.items] == kinds
    await station.start("orders")


async def test_the_card_and_its_copy_say_what_the_last_order_said(station: Station) -> None:
    """Whoever owns the car, and whatever becomes of the order."""
    seller, buyer = await station.a_client(), await station.a_client(last_name="Петров")
    car = await station.a_vehicle(seller.id, mileage_km=50_000)
    order = await station.an_order(client_id=seller.id, vehicle_id=car.id, mileage_km=510_000)
    await station.settle_down()
    assert await _said(station, car.id) == 510_000
    await station.send(AddService(order_id=order.id, name="Мойка", initial_price=Decimal(100)))
    for to in ("in_progress", "done", "in_progress"):
        await station.move(order.id, to, reason="Опечатка")
    await station.send(ChangeVehicle(vehicle_id=car.id, client_id=buyer.id))
    await station.send(ChangeOrder(order_id=order.id, mileage_km=51_000))
    await station.move(order.id, "cancelled", reason="Передумал")
    await station.settle_down()
    assert await _said(station, car.id) == 51_000

    async with station.running["orders"].engine.connect() as connection:
        copy = (await connection.execute(select(vehicles).where(vehicles.c.id == car.id))).one()
    told = await station.ask(ListToldByClients(kind="vehicle", ids=(car.id,)))
    assert (copy.mileage_km, copy.revision) == (51_000, told.items[0].revision)


async def test_a_late_reading_brings_nothing_of_a_forgotten_owner_back(station: Station) -> None:
    owner = await station.a_client()
    car = await station.a_vehicle(owner.id, mileage_km=50_000)
    order = await station.an_order(client_id=owner.id, vehicle_id=car.id)
    await station.move(order.id, "cancelled", reason="Передумал")
    await station.settle_down()
    await station.send(EraseClient(client_id=owner.id, reason="Заявление"))
    late = OrderChanged(
        order_id=order.id,
        number=order.number,
        revision=order.revision + 1,
        vehicle_id=car.id,
        mileage_km=50_200,
        changes=(Change(field="mileage_km", old=None, new=50_200),),
    )
    await station.publish(late, "orders")
    await station.settle_down()
    card = await station.ask(GetVehicle(vehicle_id=car.id))
    assert (card.mileage_km, card.plate) == (50_200, None)
    async with station.running["orders"].engine.connect() as connection:
        copy = (await connection.execute(select(vehicles).where(vehicles.c.id == car.id))).one()
    assert (copy.mileage_km, copy.plate, copy.revision) == (50_200, None, card.revision)


async def _said(station: Station, car: UUID) -> int | None:
    return (await station.ask(GetVehicle(vehicle_id=car))).mileage_km
