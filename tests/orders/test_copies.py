"""Copies of clients, cars and products: by events, and by asking when they lack something."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from shared.contracts.clients import ClientChanged
from shared.contracts.orders import OrderView
from shared.contracts.work_order import FindWorkOrders, GetWorkOrder, WorkOrder
from shared.contracts.works import CreatePackage, PackagePart
from shared.ids import new_id
from shared.refusals import Refused
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


def questions_of(station: Station) -> list[str]:
    """What orders asks others from now on, by subject."""
    asked: list[str] = []
    client = station.running["orders"].client
    request = client.request

    async def counted(subject: str, *rest: Any) -> bytes:
        asked.append(subject)
        return await request(subject, *rest)

    client.request = counted  # type: ignore[method-assign,assignment]
    return asked


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
    asked = questions_of(station)
    page = await station.ask(FindWorkOrders())
    assert [each.id for each in page.items] == [order.id for order in orders]
    for whole in page.items:
        says_all(whole)
    assert asked == ["ask.clients.cards.v1", "ask.inventory.products_by_id.v1"]


async def test_an_order_for_whom_the_copies_do_not_know_yet_is_opened_in_one_go(
    station: Station,
) -> None:
    """As at the counter: a client, a car and an order before any event of them has come."""
    first, things = await an_order(station)
    await station.settle_down()
    async with station.running["orders"].engine.begin() as connection:
        await connection.execute(text("DELETE FROM clients"))
        await connection.execute(text("DELETE FROM vehicles"))
    with capture_logs() as logs:
        order = await station.an_order(client_id=things["client"].id, vehicle_id=things["car"].id)
    assert int(order.number[-6:]) == int(first.number[-6:]) + 1
    assert not [line for line in logs if line["event"] == "batch_failed"]


async def test_a_package_asks_for_all_its_goods_at_once(station: Station) -> None:
    goods = [await station.a_product(name=f"Масло {number}") for number in range(3)]
    await station.settle_down()
    async with station.running["orders"].engine.begin() as connection:
        await connection.execute(text("DELETE FROM products"))
    asked = questions_of(station)
    parts = tuple(PackagePart(product_id=each.id, quantity=Decimal(1)) for each in goods)
    with capture_logs() as logs:
        package = await station.send(CreatePackage(name="Замена масла", services=(), goods=parts))
    assert len(package.goods) == 3
    assert asked == ["ask.inventory.products_by_id.v1"]
    assert not [line for line in logs if line["event"] == "batch_failed"]
    stranger = PackagePart(product_id=new_id(), quantity=Decimal(1))
    with pytest.raises(Refused, match="product_not_found"):
        await station.send(CreatePackage(name="Чужое", services=(), goods=(stranger,)))
