"""Copies of clients, cars and products: by events, and by asking when they lack something."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from shared.contracts.clients import ClientChanged
from shared.contracts.orders import OrderView
from shared.contracts.work_order import FindWorkOrders, GetWorkOrder, WorkOrder
from tests.support.broker import TestNats
from tests.support.day import Station, running_station


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    """Orders with the owners of what it copies."""
    names = ("orders", "clients", "inventory")
    async with running_station(nats_server, database, *names) as station:
        yield station


async def an_order(station: Station) -> tuple[OrderView, dict[str, Any]]:
    client = await station.a_client(email="ivan@example.com", comment="Звонить после шести")
    car = await station.a_vehicle(client.id, engine="1.6", vehicle_class="B", year=2021)
    oil = await station.a_product(vendor="Лукойл", group="Масла", comment="Хранить в тепле")
    await station.settle_down()
    order = await station.an_order(client_id=client.id, vehicle_id=car.id)
    order = await station.request(order.id, oil.id, "1")
    return order, {"client": client, "car": car, "oil": oil}


async def make_copies_old(station: Station) -> None:
    """As a migration leaves the copies of before: a name, a revision, and little else."""
    async with station.running["orders"].engine.begin() as connection:
        for statement in (
            "UPDATE clients SET complete = false, kind = NULL, phones = NULL, email = NULL,"
            " comment = NULL, last_name = NULL, first_name = NULL",
            "UPDATE vehicles SET complete = false, engine = NULL, vehicle_class = NULL,"
            " year = NULL, vendor = NULL, model = NULL, plate = NULL",
            "UPDATE products SET complete = false, vendor = NULL, comment = NULL, units = '[]'",
            'UPDATE part_lines SET vendor = NULL, product_comment = NULL, "group" = NULL',
        ):
            await connection.execute(text(statement))


async def incomplete(station: Station) -> int:
    query = text(
        "SELECT count(*) FROM (SELECT complete FROM clients UNION ALL SELECT complete FROM vehicles"
        " UNION ALL SELECT complete FROM products) AS copies WHERE NOT complete"
    )
    async with station.running["orders"].engine.connect() as connection:
        return int(await connection.scalar(query) or 0)


def says_all(whole: WorkOrder) -> None:
    assert (whole.customer.kind, whole.customer.last_name) == ("person", "Иванов")
    assert whole.customer.phones == ("+79161234567",)
    assert (whole.customer.email, whole.customer.comment) == (
        "ivan@example.com",
        "Звонить после шести",
    )
    assert whole.vehicle
    assert (whole.vehicle.vendor, whole.vehicle.model, whole.vehicle.engine) == (
        "Lada",
        "Vesta",
        "1.6",
    )
    assert (whole.vehicle.vehicle_class, whole.vehicle.year) == ("B", 2021)
    product = whole.products[0].product
    assert (product.vendor, product.group, product.comment) == (
        "Лукойл",
        "Масла",
        "Хранить в тепле",
    )


async def test_a_copy_that_lacks_something_is_asked_for_once_and_then_known(
    station: Station,
) -> None:
    order, _ = await an_order(station)
    says_all(await station.ask(GetWorkOrder(order_id=order.id)))
    await make_copies_old(station)
    assert await incomplete(station) == 3
    says_all(await station.ask(GetWorkOrder(order_id=order.id)))
    assert await incomplete(station) == 0
    await station.stop("clients", "inventory")
    says_all(await station.ask(GetWorkOrder(order_id=order.id)))


async def test_while_its_owner_is_away_an_old_copy_shows_what_it_knows(station: Station) -> None:
    order, _ = await an_order(station)
    await make_copies_old(station)
    await station.stop("clients", "inventory")
    whole = await station.ask(GetWorkOrder(order_id=order.id))
    assert (whole.customer.name, whole.customer.phones) == ("Иванов Иван", ())
    # And a part can still be put on the order, at the price that is known.
    order = await station.request(order.id, order.products[0].product_id, "2")
    assert order.products[1].initial_price == Decimal(100)


async def test_an_event_completes_an_old_copy_and_an_old_event_does_not_set_it_back(
    station: Station,
) -> None:
    order, things = await an_order(station)
    await make_copies_old(station)
    card = things["client"]
    await station.publish(ClientChanged(client=card), "clients")
    await station.settle_down()
    assert await incomplete(station) == 2
    newer = card.model_copy(update={"name": "Иванов Пётр", "revision": 5})
    await station.publish(ClientChanged(client=newer), "clients")
    await station.publish(ClientChanged(client=card), "clients")
    await station.settle_down()
    whole = await station.ask(GetWorkOrder(order_id=order.id))
    assert whole.customer.name == "Иванов Пётр"


async def test_many_orders_are_completed_by_one_question_to_each_owner(station: Station) -> None:
    orders = [(await an_order(station))[0] for _ in range(3)]
    async with station.running["orders"].engine.begin() as connection:
        await connection.execute(text("UPDATE orders SET status = 'done', completed_at = now()"))
    await make_copies_old(station)
    asked: list[str] = []
    client = station.running["orders"].client
    request = client.request

    async def counted(subject: str, *rest: Any) -> bytes:
        asked.append(subject)
        return await request(subject, *rest)

    client.request = counted  # type: ignore[method-assign,assignment]
    page = await station.ask(FindWorkOrders())
    assert [each.id for each in page.items] == [order.id for order in orders]
    for whole in page.items:
        says_all(whole)
    assert asked == ["ask.clients.cards.v1", "ask.inventory.products_by_id.v1"]
