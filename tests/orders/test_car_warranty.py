"""Is this under warranty? Asked by car, on the real service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from shared.contracts.approvals import AnswerWork
from shared.contracts.clients import (
    ClientCreated,
    ClientView,
    VehicleAdded,
    VehicleChanged,
    VehicleView,
)
from shared.contracts.inventory import PartsReserved, StockAnswer
from shared.contracts.orders import AddService, CreateService, OrderView
from shared.contracts.works import VehicleWarranty, WarrantyLine
from shared.ids import new_id
from shared.refusals import Refused
from tests.orders.test_handlers import NOW, a_client_view, a_known_product, told
from tests.support.day import Station

MOSCOW = ZoneInfo("Europe/Moscow")


@dataclass
class Car:
    """A car and whoever owns it now."""

    vehicle: VehicleView
    owner: ClientView

    @classmethod
    async def bought(cls, station: Station) -> Car:
        owner = a_client_view()
        vehicle = VehicleView(
            id=new_id(),
            client_id=owner.id,
            vendor="Lada",
            revision=1,
            created_at=NOW,
            updated_at=NOW,
        )
        await told(station, ClientCreated(client=owner), "clients")
        await told(station, VehicleAdded(vehicle=vehicle), "clients")
        return cls(vehicle, owner)

    async def sold(self, station: Station) -> None:
        self.owner = a_client_view(name="Петров Пётр")
        update = {"client_id": self.owner.id, "revision": self.vehicle.revision + 1}
        self.vehicle = self.vehicle.model_copy(update=update)
        await told(station, ClientCreated(client=self.owner), "clients")
        await told(station, VehicleChanged(vehicle=self.vehicle), "clients")

    async def order(self, station: Station, **fields: Any) -> OrderView:
        return await station.an_order(client_id=self.owner.id, vehicle_id=self.vehicle.id, **fields)

    async def warranty(self, station: Station, **fields: Any) -> tuple[WarrantyLine, ...]:
        question = VehicleWarranty(vehicle_id=self.vehicle.id, **fields)
        return (await station.ask(question)).items


async def a_work(station: Station, name: str, days: int | None, km: int | None) -> UUID:
    work = await station.send(
        CreateService(name=name, price=Decimal(100), warranty_days=days, warranty_km=km)
    )
    return work.id


async def done(station: Station, order: OrderView) -> OrderView:
    await station.move(order.id, "in_progress")
    return await station.move(order.id, "done")


async def test_every_work_and_part_is_told_with_its_limits(station: Station) -> None:
    car = await Car.bought(station)
    pads = await a_known_product(
        station, name="Колодки", oem="GDB 1", warranty_days=180, warranty_km=20_000
    )
    work = await a_work(station, "Замена колодок", 30, 1000)
    order = await car.order(station, mileage_km=50_000)
    await station.send(AddService(order_id=order.id, service_id=work))
    order = await station.request(order.id, pads.id, "1")
    part = order.products[0]
    answer = StockAnswer(
        line_id=part.id,
        line_version=1,
        answer=1,
        product_id=pads.id,
        wanted=Decimal(1),
        reserved=Decimal(1),
        short=Decimal(0),
        price=pads.price,
    )
    await told(station, PartsReserved(order_id=order.id, lines=(answer,)), "inventory")
    assert await car.warranty(station) == ()
    order = await done(station, order)
    assert order.completed_at
    today = order.completed_at.astimezone(MOSCOW).date()

    found = {line.kind: line for line in await car.warranty(station, mileage_km=50_400)}
    assert found.keys() == {"service", "product"}
    assert found["service"] == WarrantyLine(
        line_id=order.services[0].id,
        kind="service",
        name="Замена колодок",
        oem=None,
        order_id=order.id,
        order_number=order.number,
        done_on=today,
        done_mileage_km=50_000,
        warranty_days=30,
        warranty_km=1000,
        expires_on=today + timedelta(days=30),
        limit_km=51_000,
        in_force="true",
        remaining_days=30,
        remaining_km=600,
    )
    assert (found["product"].name, found["product"].limit_km) == ("Колодки", 70_000)
    for q, kinds in (("колод", 2), ("gdb", 1), ("фильтр", 0), ("100%", 0)):
        assert len(await car.warranty(station, q=q)) == kinds


async def test_without_a_mileage_nobody_knows_until_days_end_it(station: Station) -> None:
    car = await Car.bought(station)
    work = await a_work(station, "Развал", 10, 1000)
    order = await car.order(station, mileage_km=50_000)
    await station.send(AddService(order_id=order.id, service_id=work))
    await done(station, order)
    (line,) = await car.warranty(station)
    assert (line.in_force, line.remaining_km) == ("unknown", None)
    (line,) = await car.warranty(station, mileage_km=51_001)
    assert line.in_force == "false"
    (line,) = await car.warranty(station, at=datetime.now(UTC) + timedelta(days=12))
    assert line.in_force == "false"
    await car.order(station, mileage_km=60_000)
    (line,) = await car.warranty(station)
    assert line.in_force == "false", "another order has read that the limit is passed"


async def test_the_warranty_begins_when_the_car_is_given_back(station: Station) -> None:
    car = await Car.bought(station)
    work = await a_work(station, "Окраска", 10, None)
    later = datetime.now(UTC) + timedelta(days=3)
    order = await car.order(station, vehicle_out_at=later)
    await station.send(AddService(order_id=order.id, service_id=work))
    await done(station, order)
    (line,) = await car.warranty(station)
    assert line.done_on == later.astimezone(MOSCOW).date()
    assert line.expires_on == line.done_on + timedelta(days=10)


async def test_the_history_follows_the_car_to_its_next_owner(station: Station) -> None:
    car = await Car.bought(station)
    work = await a_work(station, "Ремонт рейки", 365, None)
    orders = []
    for _ in range(2):
        order = await car.order(station)
        await station.send(AddService(order_id=order.id, service_id=work))
        orders.append(await done(station, order))
        await car.sold(station)
    assert [line.order_id for line in await car.warranty(station)] == [
        orders[1].id,
        orders[0].id,
    ]
    first = await station.ask(VehicleWarranty(vehicle_id=car.vehicle.id, limit=1))
    rest = await station.ask(VehicleWarranty(vehicle_id=car.vehicle.id, limit=1, cursor=first.next))
    assert [line.order_id for line in (*first.items, *rest.items)] == [
        orders[1].id,
        orders[0].id,
    ]
    assert rest.next is None


async def test_reopened_cancelled_and_declined_work_has_no_warranty(station: Station) -> None:
    car = await Car.bought(station)
    work = await a_work(station, "Замена масла", 30, None)
    reopened = await car.order(station)
    await station.send(AddService(order_id=reopened.id, service_id=work))
    await done(station, reopened)
    cancelled = await car.order(station)
    await station.send(AddService(order_id=cancelled.id, service_id=work))
    await station.move(cancelled.id, "cancelled")
    declined = await car.order(station)
    declined = await station.send(AddService(order_id=declined.id, service_id=work))
    line_id = declined.services[0].id
    await station.send(
        AnswerWork(order_id=declined.id, line_id=line_id, to="declined", how="phone")
    )
    await done(station, declined)
    assert [line.order_id for line in await car.warranty(station)] == [reopened.id]
    await station.move(reopened.id, "in_progress", "клиент вернулся")
    assert await car.warranty(station) == ()


async def test_work_without_a_warranty_is_told_as_out_of_it(station: Station) -> None:
    car = await Car.bought(station)
    work = await a_work(station, "Мойка", None, None)
    order = await car.order(station)
    await station.send(AddService(order_id=order.id, service_id=work))
    await done(station, order)
    (line,) = await car.warranty(station)
    assert (line.in_force, line.expires_on, line.limit_km) == ("false", None, None)


async def test_a_car_that_nobody_knows_is_refused(station: Station) -> None:
    with pytest.raises(Refused, match="service_unavailable"):
        # Its owner is asked, and is away.
        await station.ask(VehicleWarranty(vehicle_id=new_id()))
