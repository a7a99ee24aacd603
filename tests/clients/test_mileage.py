"""A car's card shows the newest mileage that anybody said of it, on the card or on an order."""

from __future__ import annotations

import itertools
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.clients.domain.mileage import reading_in
from services.clients.store import ClientsStore
from shared.contracts.base import Change, Event
from shared.contracts.client_merge import MergeClients
from shared.contracts.clients import ChangeVehicle, GetVehicle, VehicleChanged, VehicleView
from shared.contracts.orders import OrderChanged, OrderCreated
from shared.contracts.vehicle_history import GetVehicleHistory
from shared.ids import new_id
from tests.clients.at_work import counted_statements
from tests.clients.test_handlers import published
from tests.support.day import Station

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
"""After all that these tests type on a card."""
DAY = timedelta(days=1)


def opened(car: UUID | None, km: int | None, order_id: UUID) -> OrderCreated:
    return OrderCreated(
        order_id=order_id,
        number="A-000001",
        revision=1,
        status="new",
        client_id=new_id(),
        vehicle_id=car,
        section_id=new_id(),
        employee_id=new_id(),
        type="repair",
        mileage_km=km,
    )


def edited(
    order_id: UUID, revision: int, car: UUID | None, km: int | None, field: str, old: Any
) -> OrderChanged:
    return OrderChanged(
        order_id=order_id,
        number="A-000001",
        revision=revision,
        vehicle_id=car,
        mileage_km=km,
        changes=(Change(field=field, old=old, new=None),),
    )


async def hear(station: Station, *told: tuple[Event, datetime]) -> None:
    for event, at in told:
        await station.publish(event, "orders", at=at)
    await station.settle_down()


async def a_car(station: Station, **fields: Any) -> VehicleView:
    return await station.a_vehicle((await station.a_client()).id, **fields)


async def shown(station: Station, car: UUID) -> tuple[int | None, datetime | None]:
    card = await station.ask(GetVehicle(vehicle_id=car))
    return card.mileage_km, card.mileage_at


async def test_whatever_comes_first_and_again_the_newest_word_is_shown(station: Station) -> None:
    """One order corrects what it said, another is written to the car that it is of."""
    cars: list[tuple[UUID, UUID]] = []
    for way in range(24):
        car, another = await a_car(station, mileage_km=40_000), await a_car(station)
        first, second = new_id(), new_id()
        told: list[tuple[Event, datetime]] = [
            (opened(car.id, 500_000, first), SOON),
            (opened(car.id, 48_000, second), SOON + DAY),
            (edited(first, 2, car.id, 50_000, "mileage_km", 500_000), SOON + 2 * DAY),
            (edited(second, 3, another.id, 48_000, "vehicle_id", car.id), SOON + 3 * DAY),
        ]
        arriving = list(itertools.permutations(told))[way]
        for event, at in (*arriving, *arriving):
            await station.publish(event, "orders", at=at)
        cars.append((car.id, another.id))
    await station.settle_down()
    for one, other in cars:
        assert await shown(station, one) == (50_000, SOON)
        assert await shown(station, other) == (48_000, SOON + DAY)


@pytest.mark.parametrize("is_late", [False, True])
async def test_a_lower_mileage_of_a_newer_visit_is_the_newest_word(
    station: Station, is_late: bool
) -> None:
    """And what an older visit's order is corrected to, is not."""
    car = await a_car(station, mileage_km=90_000)
    first, second = new_id(), new_id()
    told: list[tuple[Event, datetime]] = [
        (opened(car.id, 91_000, first), SOON),
        (opened(car.id, 300, second), SOON + DAY),
        (edited(first, 2, car.id, 91_500, "mileage_km", 91_000), SOON + 2 * DAY),
    ]
    await hear(station, *(reversed(told) if is_late else told))
    assert await shown(station, car.id) == (300, SOON + DAY)


async def test_what_is_typed_on_the_card_is_a_word_of_its_own_moment(station: Station) -> None:
    car = await a_car(station)
    order, ago = new_id(), datetime.now(UTC) - DAY
    await station.send(ChangeVehicle(vehicle_id=car.id, mileage_km=60_000))
    await hear(station, (opened(car.id, 59_000, order), ago))
    km, at = await shown(station, car.id)
    assert (km, at and at > ago) == (60_000, True)

    await hear(station, (opened(car.id, 61_000, new_id()), SOON))
    assert await shown(station, car.id) == (61_000, SOON)
    # Whoever types has seen what there was, although the clock is behind it.
    await station.send(ChangeVehicle(vehicle_id=car.id, mileage_km=60_500))
    await hear(station, (edited(order, 2, car.id, 59_500, "mileage_km", 59_000), SOON - DAY))
    assert await shown(station, car.id) == (60_500, SOON)
    await station.send(ChangeVehicle(vehicle_id=car.id, mileage_km=None))
    assert await shown(station, car.id) == (None, None)


async def test_a_reading_that_is_taken_back_leaves_the_one_before(station: Station) -> None:
    car = await a_car(station, mileage_km=10_000)
    typed = await shown(station, car.id)
    first, second = new_id(), new_id()
    await hear(station, (opened(car.id, 11_000, first), SOON))
    await hear(station, (opened(car.id, 12_000, second), SOON + DAY))
    await hear(station, (edited(second, 2, car.id, None, "mileage_km", 12_000), SOON + 2 * DAY))
    assert await shown(station, car.id) == (11_000, SOON)
    await hear(station, (edited(first, 2, None, 11_000, "vehicle_id", car.id), SOON + 2 * DAY))
    assert await shown(station, car.id) == typed

    told = await published(station, VehicleChanged)
    assert [(each.changes[0].old, each.changes[0].new) for each in told] == [
        (10_000, 11_000),
        (11_000, 12_000),
        (12_000, 11_000),
        (11_000, 10_000),
    ]
    assert [each.vehicle.revision for each in told] == [2, 3, 4, 5]
    page = await station.ask(GetVehicleHistory(vehicle_id=car.id))
    said = [fact for fact in page.items if fact.kind == "mileage"]
    assert [fact.value for fact in said] == ["10000", "11000", "12000", "11000", "10000"]
    assert [fact.until is None for fact in said] == [True, False, False, False, False]


@pytest.mark.parametrize("late", ["the first word", "the last word"])
async def test_two_processes_that_hear_of_one_order_at_once_keep_its_latest_word(
    station: Station, late: str
) -> None:
    first, between, last = [await a_car(station) for _ in range(3)]
    order = new_id()
    told = [
        reading_in(edited(order, 3, last.id, 11_000, "vehicle_id", between.id), SOON + 2 * DAY),
        reading_in(opened(first.id, 11_000, order), SOON),
    ]
    if late == "the last word":
        told.reverse()
    engine = station.running["clients"].engine
    async with AsyncExitStack() as first_to_end:
        for reading in reversed(told):
            store = ClientsStore(await first_to_end.enter_async_context(engine.begin()))
            await store.readings.load([order], ())
            store.readings.hear(reading)
            first_to_end.push_async_callback(store.write)
    news = edited(order, 2, between.id, 11_000, "vehicle_id", first.id)
    await hear(station, (news, SOON + DAY))
    assert await shown(station, last.id) == (11_000, SOON)
    for car in (first, between):
        assert await shown(station, car.id) == (None, None)


async def test_what_says_nothing_new_is_not_told(station: Station) -> None:
    car = await a_car(station, mileage_km=10_000)
    order = new_id()
    await hear(station, (opened(car.id, 10_000, order), SOON))
    await hear(station, (edited(order, 2, car.id, 99, "comment", None), SOON + DAY))
    await hear(station, (opened(car.id, None, new_id()), SOON + DAY))
    await hear(station, (opened(new_id(), 7, new_id()), SOON), (opened(None, 7, new_id()), SOON))
    # As versions told it that did not tell the car.
    old = OrderChanged(
        order_id=order,
        number="A-000001",
        revision=3,
        changes=(Change(field="comment", old=None, new="Позвонить"),),
    )
    await hear(station, (old, SOON + DAY))
    assert await shown(station, car.id) == (10_000, SOON)
    assert (await station.ask(GetVehicle(vehicle_id=car.id))).revision == 1
    assert await published(station, VehicleChanged) == []


async def test_a_car_of_merged_cards_is_the_same_car(station: Station) -> None:
    car = await a_car(station, mileage_km=10_000)
    kept = await station.a_client()
    await hear(station, (opened(car.id, 11_000, new_id()), SOON))
    await station.send(MergeClients(client_id=kept.id, other_id=car.client_id))
    await hear(station, (opened(car.id, 12_000, new_id()), SOON + DAY))
    card = await station.ask(GetVehicle(vehicle_id=car.id))
    assert (card.client_id, card.mileage_km) == (kept.id, 12_000)


async def test_many_readings_cost_as_many_statements_as_few(station: Station) -> None:
    cars = [await a_car(station, mileage_km=10_000) for _ in range(12)]
    await hear(station, (opened(cars[0].id, 10_001, new_id()), SOON))

    async def cost(some: list[VehicleView]) -> int:
        with counted_statements() as statements:
            await hear(station, *((opened(car.id, 20_000, new_id()), SOON + DAY) for car in some))
        return sum("readings" in each for each in statements)

    one, many = await cost(cars[:1]), await cost(cars[1:])
    # One looks and one writes, for every batch; what arrives apart is batches of its own.
    assert one == 2
    assert many % 2 == 0
