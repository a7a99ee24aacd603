"""What is found when a service is away, and how long that takes when none is."""

from __future__ import annotations

from typing import Any

from services.gateway.pages.find import cars_of
from shared.contracts.clients import FoundClient, VehicleView
from shared.ids import new_id
from shared.refusals import Refused
from tests.gateway.support import FakeServices, TestGateway
from tests.orders.builders import NOW

EMPTY: dict[str, Any] = {"items": [], "next": None}


def a_car(**fields: str) -> VehicleView:
    known = {"id": new_id(), "client_id": new_id(), "revision": 1}
    return VehicleView(**{**known, "created_at": NOW, "updated_at": NOW, **fields})


def test_the_car_that_was_typed_comes_first() -> None:
    cars = (a_car(plate="В777ОР77"), a_car(plate="А123ВС77"), a_car(vin="XTA21099043576193"))
    client = FoundClient(
        id=new_id(),
        name="Сидорова",
        last_name="Сидорова",
        revision=1,
        created_at=NOW,
        updated_at=NOW,
        vehicles=cars,
    )
    plates = [found.car.plate for found in cars_of([client], "а 123 вс")]
    assert plates == ["А123ВС77", "В777ОР77", None]
    assert cars_of([client], "2109904")[0].car == cars[2]
    assert [found.car for found in cars_of([client], "")] == list(cars)


async def test_what_is_there_is_found_while_a_service_is_away(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("clients", "orders", "inventory")
    services.replies |= {
        "ask.clients.find_clients.v1": EMPTY,
        "ask.inventory.find_products.v1": Refused("service_unavailable", service="inventory"),
        "ask.orders.find_orders.v1": EMPTY,
    }
    person = await gateway.signed_in("advisor")
    page = await person.get("/find", params={"q": "колодки"}, headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert "Not everything could be looked through" in page.text
    assert {sent.message["q"] for sent in services.sent} == {"колодки"}

    services.sent.clear()
    page = await person.get("/find", headers={"Accept-Language": "en"})
    assert "Not everything" not in page.text
    assert {sent.subject for sent in services.sent} == {
        "ask.clients.find_clients.v1",
        "ask.orders.find_orders.v1",
    }


async def test_before_anything_is_typed_ones_own_last_orders_are_there(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("clients", "orders", "audit")
    mine, others = str(new_id()), str(new_id())
    record = {
        "seq": 1, "event_id": mine, "event": "evt.orders.order_changed.v1", "at": NOW.isoformat(),
        "actor": "advisor", "actor_role": "advisor", "station": "1", "correlation_id": None,
        "changes": [], "body": {}, "hash": "0",
    }  # fmt: skip
    order: dict[str, Any] = {
        "station_id": mine, "status": "new", "flags": [], "type": "repair", "client_id": mine,
        "vehicle_id": None, "vehicle_name": None, "section_id": mine, "employee_id": mine,
        "created_at": NOW.isoformat(), "completed_at": None, "total": "0", "paid": "0",
        "revision": 1,
    }  # fmt: skip
    services.replies |= {
        "ask.clients.find_clients.v1": EMPTY,
        "ask.orders.find_orders.v1": {
            "items": [
                {**order, "id": mine, "number": "A-1", "client_name": "Сидорова"},
                {**order, "id": others, "number": "A-2", "client_name": "Петров"},
            ]
        },
        "ask.audit.records.v1": {
            "items": [{**record, "order_id": each} for each in (mine, None, mine)]
        },
        "ask.orders.names.v1": {
            "orders": [
                {"id": mine, "number": "A-1", "client_name": "Сидорова", "vehicle_name": None}
            ]
        },
    }
    person = await gateway.signed_in("advisor")
    page = await person.get("/find", headers={"Accept-Language": "en"})
    assert page.status_code == 200
    own, new = page.text.split('aria-label="New orders"')
    assert "You worked on last" in own
    assert "A-1 · Сидорова" in own
    assert "A-2 · Петров" in new
    assert "A-1" not in new
    (asked,) = [sent.message for sent in services.sent if sent.subject == "ask.audit.records.v1"]
    assert asked["actor"] == "advisor"
