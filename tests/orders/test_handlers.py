"""The orders service on its own database and broker, without its neighbours."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pydantic_core
import pytest
from sqlalchemy import Engine, select
from sqlalchemy import event as sql_event

from shared.contracts.base import Event
from shared.contracts.clients import ClientCreated, ClientView, VehicleAdded, VehicleView
from shared.contracts.inventory import PartsReserved, ProductSaved, ProductView, StockAnswer
from shared.contracts.orders import (
    AddService,
    ChangeEmployee,
    ChangeLine,
    ChangeOrder,
    ChangeSection,
    ChangeService,
    CreateEmployee,
    CreateOrder,
    CreatePost,
    CreateSection,
    CreateService,
    FindOrders,
    GetOrder,
    ListComments,
    ListEmployees,
    ListPosts,
    ListSections,
    ListServices,
    ListStations,
    MoveOrder,
    NewsTaken,
    OrderView,
    PartRequest,
    RequestParts,
)
from shared.database import outbox
from shared.ids import new_id
from shared.messaging.envelope import Actor, opening
from shared.messaging.jobs import Job
from shared.refusals import Refused
from shared.service import service_named
from tests.support.day import ADMIN, Station

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def a_client_view(**fields: Any) -> ClientView:
    named: dict[str, Any] = {
        "id": new_id(),
        "name": "Иванов Иван",
        "last_name": "Иванов",
        "revision": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return ClientView(**{**named, **fields})


def a_product_view(**fields: Any) -> ProductView:
    named: dict[str, Any] = {
        "id": new_id(),
        "name": "Фильтр",
        "oem": "OC90",
        "vendor": None,
        "group": None,
        "measure": "шт",
        "price": Decimal("100.00"),
        "barcode": None,
        "min_stock": None,
        "comment": None,
        "active": True,
        "revision": 1,
    }
    return ProductView(**{**named, **fields})


async def told(station: Station, event: Event, source: str) -> None:
    """Publishes another service's fact, and waits until orders has taken it."""
    await station.publish(event, source)
    await station.settle_down()


async def a_new_order(station: Station, **fields: Any) -> OrderView:
    client = a_client_view(**fields.pop("client", {}))
    await told(station, ClientCreated(client=client), "clients")
    section = await station.a_section()
    employee = await station.an_employee(section.id)
    return await station.send(
        CreateOrder(client_id=client.id, section_id=section.id, employee_id=employee.id, **fields)
    )


async def a_known_product(station: Station, **fields: Any) -> ProductView:
    product = a_product_view(**fields)
    await told(station, ProductSaved(product=product, created=True), "inventory")
    return product


def answer_to(order: OrderView, **fields: Any) -> PartsReserved:
    part = order.products[0]
    named: dict[str, Any] = {
        "line_id": part.id,
        "line_version": 1,
        "answer": 1,
        "product_id": part.product_id,
        "wanted": part.quantity,
        "reserved": part.quantity,
        "short": Decimal(0),
        "price": Decimal("100.00"),
    }
    return PartsReserved(order_id=order.id, lines=(StockAnswer(**{**named, **fields}),))


# --- commands ----------------------------------------------------------------------------------


async def test_orders_are_numbered_one_after_the_other(station: Station) -> None:
    first = await a_new_order(station)
    second = await a_new_order(station)
    assert (first.number, second.number) == ("A-000001", "A-000002")


async def test_the_same_key_gives_the_same_order(station: Station) -> None:
    order = await a_new_order(station)
    command = CreateOrder(
        client_id=order.client_id, section_id=order.section_id, employee_id=order.employee_id
    )
    answers = await asyncio.gather(*(station.send(command, key="one") for _ in range(5)))
    assert len({answer.id for answer in answers}) == 1
    assert len((await station.ask(FindOrders())).items) == 2


async def test_a_key_used_for_another_request_is_refused(station: Station) -> None:
    await station.send(CreateSection(name="Шины"), key="one")
    with pytest.raises(Refused, match="idempotency_key_reused"):
        await station.send(CreateSection(name="Кузов"), key="one")
    assert [s.name for s in (await station.ask(ListSections())).items] == ["Шины"]


async def test_the_clients_discount_is_taken_unless_another_is_said(station: Station) -> None:
    order = await a_new_order(station, client={"discount_percent": Decimal(10)})
    order = await station.send(
        AddService(order_id=order.id, name="Мойка", initial_price=Decimal(500))
    )
    order = await station.send(
        AddService(
            order_id=order.id,
            name="Сушка",
            initial_price=Decimal(100),
            discount_percent=Decimal(0),
        )
    )
    assert [line.price for line in order.services] == [Decimal("450.00"), Decimal("100.00")]


async def test_a_catalogue_work_by_norm_hours_is_rounded_to_the_step(station: Station) -> None:
    order = await a_new_order(station)
    service = await station.send(
        CreateService(name="Развал", labor_hours=Decimal("0.92"), labor_rate=Decimal("543.48"))
    )
    order = await station.send(AddService(order_id=order.id, service_id=service.id))
    line = order.services[0]
    assert (line.price, line.labor_hours, line.estimation_minutes) == (
        Decimal("500.00"),
        Decimal("0.92"),
        55,
    )
    # A later change of the catalogue leaves the line as it is.
    await station.send(ChangeService(service_id=service.id, labor_rate=Decimal(999)))
    assert (await station.order(order.id)).services[0].price == Decimal("500.00")


async def test_an_edit_of_an_older_revision_is_refused(station: Station) -> None:
    order = await a_new_order(station)
    changed = await station.send(
        ChangeOrder(order_id=order.id, comment="первый", expected_revision=1)
    )
    assert changed.revision == 2
    with pytest.raises(Refused, match="revision_conflict") as refusal:
        await station.send(ChangeOrder(order_id=order.id, comment="второй", expected_revision=1))
    assert refusal.value.params == {"expected": "1", "actual": "2"}
    assert (await station.order(order.id)).comment == "первый"


async def test_a_null_clears_and_what_is_not_named_stays(station: Station) -> None:
    order = await a_new_order(station, comment="заметка", driver="Сын")
    changed = await station.send(ChangeOrder(order_id=order.id, comment=None))
    assert (changed.comment, changed.driver) == (None, "Сын")
    with pytest.raises(Refused, match="field_required"):
        await station.send(ChangeOrder(order_id=order.id, section_id=None))


async def test_another_clients_car_is_refused(station: Station) -> None:
    order = await a_new_order(station)
    car = VehicleView(
        id=new_id(), client_id=new_id(), model="Vesta", revision=1, created_at=NOW, updated_at=NOW
    )
    await told(station, VehicleAdded(vehicle=car), "clients")
    with pytest.raises(Refused, match="vehicle_of_other_client"):
        await station.send(ChangeOrder(order_id=order.id, vehicle_id=car.id))


async def test_whoever_is_not_known_is_named(station: Station) -> None:
    order = await a_new_order(station)
    fields: dict[str, UUID] = {
        "client_id": order.client_id,
        "section_id": order.section_id,
        "employee_id": order.employee_id,
    }
    for field, code in (
        ("section_id", "section_not_found"),
        ("employee_id", "employee_not_found"),
    ):
        with pytest.raises(Refused, match=code):
            await station.send(CreateOrder(**{**fields, field: new_id()}))


async def test_a_client_nobody_told_of_cannot_be_asked_for_while_clients_is_down(
    station: Station,
) -> None:
    order = await a_new_order(station)
    command = CreateOrder(
        client_id=new_id(), section_id=order.section_id, employee_id=order.employee_id
    )
    with pytest.raises(Refused, match="service_unavailable"):
        await station.send(command)


async def test_a_technician_may_say_what_was_done_but_not_what_it_costs(station: Station) -> None:
    order = await a_new_order(station)
    order = await station.send(
        AddService(order_id=order.id, name="Мойка", initial_price=Decimal(500))
    )
    line_id = order.services[0].id
    technician = Actor("misha", "technician")
    finished = await station.send(
        ChangeLine(order_id=order.id, line_id=line_id, progress="finished"), actor=technician
    )
    assert finished.services[0].progress == "finished"
    with pytest.raises(Refused, match="forbidden"):
        await station.send(
            ChangeLine(order_id=order.id, line_id=line_id, initial_price=Decimal(1)),
            actor=technician,
        )


# --- places, people and works ------------------------------------------------------------------


async def test_a_technician_begins_and_finishes_an_order_and_takes_no_other_step(
    station: Station,
) -> None:
    bay = Actor("misha", "technician")
    estimate, order = await a_new_order(station, status="draft"), await a_new_order(station)
    for of, to in ((estimate, "new"), (estimate, "cancelled"), (order, "cancelled")):
        with pytest.raises(Refused, match="forbidden"):
            await station.send(MoveOrder(order_id=of.id, to=to), actor=bay)
    # What nobody may do is told as that.
    with pytest.raises(Refused, match="illegal_step"):
        await station.send(MoveOrder(order_id=order.id, to="done"), actor=bay)

    await station.send(MoveOrder(order_id=order.id, to="in_progress"), actor=bay)
    with pytest.raises(Refused, match="forbidden"):
        await station.send(MoveOrder(order_id=order.id, to="cancelled"), actor=bay)
    await station.send(MoveOrder(order_id=order.id, to="done"), actor=bay)
    reopening = MoveOrder(order_id=order.id, to="in_progress", reason="Стучит")
    with pytest.raises(Refused, match="forbidden"):
        await station.send(reopening, actor=bay)
    reopened = await station.send(reopening, actor=Actor("anna", "advisor"))
    assert reopened.status == "in_progress"


async def test_reference_data_is_made_edited_and_listed(station: Station) -> None:
    section = await station.send(CreateSection(name="Кузовной"))
    post = await station.send(CreatePost(name="Пост 1", section_id=section.id))
    employee = await station.send(
        CreateEmployee(
            last_name="Ким", first_name="Олег", role="advisor", section_id=section.id, login="oleg"
        )
    )
    service = await station.send(CreateService(name="Покраска", price=Decimal(5000)))

    section = await station.send(ChangeSection(section_id=section.id, name="Малярный"))
    assert (section.name, section.revision) == ("Малярный", 2)
    employee = await station.send(ChangeEmployee(employee_id=employee.id, section_id=None))
    assert employee.section_id is None

    assert [row.name for row in (await station.ask(ListSections())).items] == ["Малярный"]
    assert [row.id for row in (await station.ask(ListPosts(section_id=section.id))).items] == [
        post.id
    ]
    assert [row.name for row in (await station.ask(ListEmployees(role="advisor"))).items] == [
        "Ким Олег"
    ]
    assert [row.id for row in (await station.ask(ListServices(q="КРАСК"))).items] == [service.id]
    assert [row.code for row in (await station.ask(ListStations())).items] == ["station-1"]


async def test_a_name_or_login_that_is_taken_is_refused(station: Station) -> None:
    await station.send(CreateSection(name="Кузовной"))
    with pytest.raises(Refused, match="name_taken"):
        await station.send(CreateSection(name="Кузовной"))
    person = {"last_name": "Ким", "first_name": "Олег", "role": "advisor", "login": "oleg"}
    await station.send(CreateEmployee(**person))
    with pytest.raises(Refused, match="login_taken"):
        await station.send(CreateEmployee(**person))


async def test_a_work_is_priced_one_way(station: Station) -> None:
    with pytest.raises(Refused, match="price_missing"):
        await station.send(CreateService(name="Без цены"))
    with pytest.raises(Refused, match="price_ambiguous"):
        await station.send(
            CreateService(
                name="Две цены",
                price=Decimal(1),
                labor_hours=Decimal(1),
                labor_rate=Decimal(1),
            )
        )


@pytest.mark.parametrize(
    ("hours", "rate"), [("10000", "1"), ("1000", "9999999999.99")], ids=["time", "money"]
)
async def test_a_work_beyond_all_measure_is_refused(
    station: Station, hours: str, rate: str
) -> None:
    fields = {"labor_hours": Decimal(hours), "labor_rate": Decimal(rate)}
    with pytest.raises(Refused, match="amount_too_large"):
        await station.send(CreateService(name="Вечность", **fields))
    if rate == "1":
        return
    order = await a_new_order(station)
    quoted = AddService(order_id=order.id, name="Вечность", initial_price=Decimal(1), **fields)
    with pytest.raises(Refused, match="amount_too_large"):
        await station.send(quoted)


# --- lists -------------------------------------------------------------------------------------


async def test_orders_are_listed_newest_first_page_by_page(station: Station) -> None:
    made = [await a_new_order(station) for _ in range(5)]
    seen: list[UUID] = []
    cursor = None
    while True:
        page = await station.ask(FindOrders(limit=2, cursor=cursor))
        seen += [item.id for item in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [order.id for order in reversed(made)]


async def test_orders_are_found_by_filter_and_words(station: Station) -> None:
    ivanov = await a_new_order(station)
    petrova = await a_new_order(station, client={"name": "Петрова Анна"}, status="draft")
    found = {
        "petr": await station.ask(FindOrders(q="петров")),
        "number": await station.ask(FindOrders(q=ivanov.number.lower())),
        "draft": await station.ask(FindOrders(status="draft")),
        "section": await station.ask(FindOrders(section_id=ivanov.section_id)),
        "client": await station.ask(FindOrders(client_id=petrova.client_id)),
        "percent": await station.ask(FindOrders(q="%")),
    }
    assert {name: [item.id for item in page.items] for name, page in found.items()} == {
        "petr": [petrova.id],
        "number": [ivanov.id],
        "draft": [petrova.id],
        "section": [ivanov.id],
        "client": [petrova.id],
        "percent": [],
    }


async def test_a_cursor_that_is_not_ours_is_refused(station: Station) -> None:
    with pytest.raises(Refused, match="cursor_invalid"):
        await station.ask(FindOrders(cursor="bm90IG91cnM"))


async def test_an_order_nobody_made_is_not_found(station: Station) -> None:
    with pytest.raises(Refused, match="order_not_found"):
        await station.ask(GetOrder(order_id=new_id()))
    with pytest.raises(Refused, match="order_not_found"):
        await station.ask(ListComments(order_id=new_id()))


# --- news --------------------------------------------------------------------------------------


async def test_the_warehouses_answer_twice_prices_the_line_once(station: Station) -> None:
    product = await a_known_product(station)
    order = await a_new_order(station)
    order = await station.request(order.id, product.id, "2")
    answer = answer_to(order, price=Decimal("110.00"))
    event_id = await station.publish(answer, "inventory")
    await station.publish(answer, "inventory", event_id=event_id)
    await station.publish(answer, "inventory")
    await station.settle_down()
    answered = await station.order(order.id)
    assert (answered.products[0].state, answered.total) == ("reserved", Decimal("220.00"))
    assert answered.revision == order.revision + 1


async def test_news_from_which_nothing_else_comes_is_told_to_who_looks_at_the_order(
    station: Station,
) -> None:
    product = await a_known_product(station)
    order = await a_new_order(station)
    order = await station.request(order.id, product.id, "2")
    short = answer_to(order, reserved=Decimal(0), short=Decimal(2))
    await told(station, short, "inventory")
    # The total has changed: whoever looks at the order is told that.
    assert await _news(station) == []
    come = answer_to(order, answer=2)
    await told(station, come, "inventory")
    await told(station, come, "inventory")
    assert await _news(station) == [
        {
            "order_id": str(order.id),
            "number": order.number,
            "revision": order.revision + 2,
            "changes": [],
            "news": PartsReserved.subject,
        }
    ]


async def _news(station: Station) -> list[Any]:
    async with station.running["orders"].engine.connect() as connection:
        query = select(outbox.c.body).where(outbox.c.subject == NewsTaken.subject)
        return [pydantic_core.from_json(body) for (body,) in await connection.execute(query)]


@pytest.mark.parametrize(
    "said",
    [
        {"initial_price": Decimal(0)},
        {"discount_percent": Decimal(100)},
        {"fixed_discount": Decimal(1)},
    ],
)
async def test_a_technician_asks_for_works_and_parts_and_says_no_prices(
    station: Station, said: Any
) -> None:
    technician = Actor("technician", "technician", new_id())
    product = await a_known_product(station)
    order = await a_new_order(station)
    work = await station.send(CreateService(name="Мойка", price=Decimal(700)))
    part = PartRequest(product_id=product.id, quantity=Decimal(1), **said)
    for command in (
        RequestParts(order_id=order.id, lines=(part,)),
        AddService(order_id=order.id, service_id=work.id, **said),
    ):
        with pytest.raises(Refused, match="forbidden"):
            await station.send(command, actor=technician)
    plain = PartRequest(product_id=product.id, quantity=Decimal(1))
    await station.send(RequestParts(order_id=order.id, lines=(plain,)), actor=technician)
    # What is handed over at the store's counter has the catalogue's price as well.
    store = Actor("store", "storekeeper")
    with pytest.raises(Refused, match="forbidden"):
        await station.send(RequestParts(order_id=order.id, lines=(part,)), actor=store)
    await station.send(RequestParts(order_id=order.id, lines=(plain,)), actor=store)
    order = await station.send(AddService(order_id=order.id, service_id=work.id), actor=technician)
    assert (order.services[0].price, len(order.products)) == (Decimal(700), 2)


async def test_a_command_is_answered_as_a_question_is_afterwards(station: Station) -> None:
    product = await a_known_product(station)
    order = await a_new_order(station)
    said: dict[str, Any] = {
        "quantity": Decimal(1),
        "discount_percent": Decimal(5),
        "fixed_discount": Decimal(2),
    }
    by_hours = {"labor_hours": Decimal("0.5"), "labor_rate": Decimal(900)}
    part = PartRequest(product_id=product.id, initial_price=Decimal(70), **said)
    await station.send(AddService(order_id=order.id, name="Мойка", **by_hours, **said))
    answer = await station.send(RequestParts(order_id=order.id, lines=(part,)))
    lines = {"services", "products"}

    async def asked() -> str:
        return (await station.order(order.id)).model_dump_json(include=lines)

    assert answer.model_dump_json(include=lines) == await asked()
    line_id = answer.products[0].id
    edits = {"quantity": Decimal(3), "initial_price": Decimal(80), "discount_percent": Decimal(4)}
    edited = await station.send(ChangeLine(order_id=order.id, line_id=line_id, **edits))
    assert edited.model_dump_json(include=lines) == await asked()
    cancelled = await station.send(MoveOrder(order_id=order.id, to="cancelled"))
    assert cancelled.model_dump_json(include=lines) == await asked()


async def test_a_batch_of_answers_costs_hardly_more_statements_than_one(station: Station) -> None:
    product = await a_known_product(station)
    orders = [await a_new_order(station) for _ in range(20)]
    orders = [await station.request(order.id, product.id, "1") for order in orders]
    await station.settle_down()

    alone = await _statements_for(station, orders[:1])
    together = await _statements_for(station, orders[1:])

    # Some statements are of one kind of row each, but none is of one order.
    assert together <= 3 * alone


def _answered(order: OrderView) -> Job:
    event = answer_to(order)
    subject = type(event).subject
    envelope = opening("/station-1/inventory", subject, ADMIN, order_id=order.id)
    route = service_named("orders").handlers.events[subject]
    return Job(route, event, envelope, event.model_dump_json().encode())


async def _statements_for(station: Station, orders: list[OrderView]) -> int:
    """Of the lane, which is given all answers at once: what runs beside it is none of theirs."""
    lane, counted = station.running["orders"].lane, 0

    def count(*_: Any) -> None:
        nonlocal counted
        task = asyncio.current_task()
        counted += bool(task and task.get_name() == "lane")

    sql_event.listen(Engine, "before_cursor_execute", count)
    try:
        await asyncio.gather(*map(lane.submit, map(_answered, orders)))
    finally:
        sql_event.remove(Engine, "before_cursor_execute", count)
    assert counted
    views = [await station.order(order.id) for order in orders]
    assert {view.products[0].state for view in views} == {"reserved"}
    return counted
