"""Every field of an order's header: said when it is opened, edited, cleared, shown everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.orders.domain.order import Header
from services.orders.handlers.reception import _NEVER_EMPTY
from shared.contracts.base import MAX_MONEY, Period
from shared.contracts.clients import ClientCreated, VehicleAdded, VehicleView
from shared.contracts.orders import (
    AddService,
    ChangeOrder,
    ChangeOrderType,
    CreateOrder,
    CreateOrderType,
    CreatePost,
    EmployeeWorkload,
    FindOrders,
    ListOrderTypes,
    MoveOrder,
    OrdersBySection,
    OrderView,
)
from shared.contracts.work_order import GetWorkOrder, WorkOrder
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.orders.test_handlers import NOW, a_client_view, told
from tests.support.day import Station

IN, OUT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC), datetime(2026, 3, 3, 18, 0, tzinfo=UTC)
LATER = OUT + timedelta(hours=2)
ADVISOR = Actor("anna", "advisor")


@dataclass(frozen=True)
class Field:
    """Two values of a header's field, how the whole order shows it, and what null makes of it."""

    first: Any
    second: Any
    whole: Callable[[WorkOrder], Any]
    may_be_empty: bool = True


def _id_of(thing: Any) -> Any:
    return thing.id if thing else None


async def fields_of(station: Station, client_id: Any) -> dict[str, Field]:
    """A row for each field that a person may edit."""
    sections = [await station.a_section() for _ in range(2)]
    posts = [
        await station.send(CreatePost(name="Пост", section_id=section.id)) for section in sections
    ]
    people = [await station.an_employee(sections[0].id, last_name=name) for name in ("А", "Б")]
    clients = [a_client_view() for _ in range(2)]
    cars = [
        VehicleView(
            id=new_id(),
            client_id=client_id,
            model=f"Vesta {n}",
            revision=1,
            created_at=NOW,
            updated_at=NOW,
        )
        for n in range(2)
    ]
    for client in clients:
        await station.publish(ClientCreated(client=client), "clients")
    for car in cars:
        await station.publish(VehicleAdded(vehicle=car), "clients")
    await station.settle_down()

    def pair(things: list[Any], whole: Callable[[WorkOrder], Any], *rest: Any) -> Field:
        return Field(things[0].id, things[1].id, lambda order: _id_of(whole(order)), *rest)

    return {
        "type": Field("diagnostics", "warranty", lambda order: order.type.code, False),
        "vehicle_id": pair(cars, lambda order: order.vehicle),
        "section_id": pair(sections, lambda order: order.section, False),
        "employee_id": Field(people[0].id, people[1].id, lambda order: None, False),
        "post_id": pair(posts, lambda order: order.post),
        "payer_id": pair(clients, lambda order: order.payer, False),
        "driver": Field("Сын", "Дочь", lambda order: order.driver.name if order.driver else None),
        "customer_reason": Field("Стук", "Скрип", lambda order: order.customer_reason),
        "recommendation": Field("Колодки", "Диски", lambda order: order.recommendation),
        "comment": Field("Срочно", "Не срочно", lambda order: order.comment),
        "mileage_km": Field(48_200, 48_300, lambda order: order.haul_distance),
        "visible_to_customer": Field(False, True, lambda order: order.visible_to_customer, False),
        "vehicle_in_at": Field(IN, OUT, lambda order: order.date_time_in),
        "vehicle_out_at": Field(OUT, LATER, lambda order: order.date_time_out),
        "assignment_at": Field(IN, OUT, lambda order: order.assignment_at, False),
        "mechanic_id": pair(people, lambda order: order.mechanic),
        "responsible_id": pair(people, lambda order: order.responsible),
        "product_responsible_id": pair(people, lambda order: order.product_responsible),
        "examiner_id": pair(people, lambda order: order.examiner),
        # A driver has a name or an id: the other test has it by id.
        "driver_id": Field(None, None, lambda order: order.driver.id if order.driver else None),
    }


def shows(order: OrderView, whole: WorkOrder, fields: dict[str, Field], which: str) -> None:
    """Both views of the order have the values of that column."""
    for name, field in fields.items():
        assert getattr(order, name) == getattr(field, which), name
        if name != "employee_id":  # the whole order knows who does what, and not to whom it went
            assert field.whole(whole) == getattr(field, which), name


async def an_order(station: Station, **fields: Any) -> OrderView:
    client = a_client_view()
    await told(station, ClientCreated(client=client), "clients")
    section = await station.a_section()
    employee = await station.an_employee(section.id)
    named = {"client_id": client.id, "section_id": section.id, "employee_id": employee.id}
    return await station.send(CreateOrder(**{**named, **fields}))


async def test_every_field_is_said_edited_cleared_and_shown(station: Station) -> None:
    client = a_client_view()
    await told(station, ClientCreated(client=client), "clients")
    fields = await fields_of(station, client.id)
    assert fields.keys() == Header.__dataclass_fields__.keys() - {"vehicle_name"}

    first = {name: field.first for name, field in fields.items()}
    order = await station.send(CreateOrder(client_id=client.id, **first))
    shows(order, await station.ask(GetWorkOrder(order_id=order.id)), fields, "first")

    second = {name: field.second for name, field in fields.items() if name != "driver_id"}
    changed = await station.send(ChangeOrder(order_id=order.id, **second))
    whole = await station.ask(GetWorkOrder(order_id=order.id))
    shows(changed, whole, fields, "second")

    for name, field in fields.items():
        clearing = ChangeOrder(order_id=order.id, **{name: None})
        if field.may_be_empty:
            cleared: OrderView = await station.send(clearing)
            assert getattr(cleared, name) is None, name
        else:
            with pytest.raises(Refused, match="field_required"):
                await station.send(clearing)
    assert {name for name, field in fields.items() if not field.may_be_empty} == set(_NEVER_EMPTY)


async def test_the_driver_is_a_client_or_a_name_and_never_both(station: Station) -> None:
    son = a_client_view(name="Иванов Сын", phones=("+79161234567",))
    await told(station, ClientCreated(client=son), "clients")
    order = await an_order(station, driver="Кто-то")
    with pytest.raises(Refused, match="driver_ambiguous"):
        await station.send(ChangeOrder(order_id=order.id, driver="Он", driver_id=son.id))
    order = await station.send(ChangeOrder(order_id=order.id, driver_id=son.id))
    assert (order.driver, order.driver_id) == (None, son.id)
    whole = await station.ask(GetWorkOrder(order_id=order.id))
    assert whole.driver
    assert (whole.driver.name, whole.driver.phones) == ("Иванов Сын", ("+79161234567",))
    order = await station.send(ChangeOrder(order_id=order.id, driver="Сосед"))
    assert (order.driver, order.driver_id) == ("Сосед", None)


async def test_whoever_opens_the_order_answers_for_it(station: Station) -> None:
    section = await station.a_section()
    anna = await station.an_employee(section.id, last_name="Анна", role="advisor", login="anna")
    client = a_client_view()
    await told(station, ClientCreated(client=client), "clients")
    mechanic = await station.an_employee(section.id)
    command = CreateOrder(client_id=client.id, section_id=section.id, employee_id=mechanic.id)
    hers = await station.send(command, actor=ADVISOR)
    assert (hers.responsible_id, hers.examiner_id) == (anna.id, anna.id)
    # An administrator who is no employee leaves it to whom the order is assigned.
    other = await station.send(command)
    assert (other.responsible_id, other.examiner_id) == (mechanic.id, mechanic.id)
    assert (other.mechanic_id, other.product_responsible_id) == (None, None)


async def test_a_car_is_not_given_back_before_it_is_taken_in(station: Station) -> None:
    with pytest.raises(Refused, match="car_out_before_in"):
        await an_order(station, vehicle_in_at=OUT, vehicle_out_at=IN)
    order = await an_order(station, vehicle_in_at=IN, vehicle_out_at=IN)
    for wrong in ({"vehicle_in_at": OUT}, {"vehicle_out_at": IN - timedelta(seconds=1)}):
        with pytest.raises(Refused, match="car_out_before_in"):
            await station.send(ChangeOrder(order_id=order.id, **wrong))
    moved = ChangeOrder(order_id=order.id, vehicle_in_at=OUT, vehicle_out_at=LATER)
    assert (await station.send(moved)).vehicle_out_at == LATER


async def test_reports_go_by_the_accounting_date_which_the_office_says(station: Station) -> None:
    order = await an_order(station)
    assert order.assignment_at == order.created_at
    last_month = order.created_at - timedelta(days=31)
    with pytest.raises(Refused, match="forbidden"):
        await station.send(ChangeOrder(order_id=order.id, assignment_at=last_month), actor=ADVISOR)
    await station.send(ChangeOrder(order_id=order.id, assignment_at=last_month))
    then = Period(end=order.created_at - timedelta(days=1))
    rows = (await station.ask(OrdersBySection(period=then, section_id=order.section_id))).items
    assert [row.created for row in rows] == [1]
    now = Period(start=order.created_at - timedelta(days=1))
    rows = (await station.ask(OrdersBySection(period=now, section_id=order.section_id))).items
    assert [row.created for row in rows] == [0]
    assert (await station.ask(EmployeeWorkload(period=now))).items == ()


async def test_reports_hold_what_orders_of_any_size_come_to(station: Station) -> None:
    order = await an_order(station)
    orders = [order.id]
    for _ in range(2):
        another = CreateOrder(
            client_id=order.client_id, section_id=order.section_id, employee_id=order.employee_id
        )
        orders.append((await station.send(another)).id)
    for order_id in orders:
        work = AddService(order_id=order_id, name="Кузов золотой", initial_price=MAX_MONEY)
        await station.send(work)
        for status in ("in_progress", "done"):
            await station.send(MoveOrder(order_id=order_id, to=status))

    (section,) = (await station.ask(OrdersBySection(section_id=order.section_id))).items
    assert section.total == 3 * MAX_MONEY
    (person,) = (await station.ask(EmployeeWorkload(section_id=order.section_id))).items
    assert person.labor_total == 3 * MAX_MONEY


async def test_an_order_is_of_a_type_that_the_chain_keeps(station: Station) -> None:
    kept = (await station.ask(ListOrderTypes())).items
    assert [each.code for each in kept] == [
        "repair", "diagnostics", "maintenance", "bodywork", "tyres", "warranty", "internal",
    ]  # fmt: skip
    with pytest.raises(Refused, match="order_type_not_found"):
        await an_order(station, type="washing")
    washing = await station.send(CreateOrderType(code="washing", name="Мойка", name_en="Washing"))
    order = await an_order(station, type="washing")
    whole = await station.ask(GetWorkOrder(order_id=order.id))
    assert (whole.type.name, whole.type.name_en) == ("Мойка", "Washing")
    with pytest.raises(Refused, match="name_taken"):
        await station.send(CreateOrderType(code="washing", name="Ещё", name_en="More"))

    retired = await station.send(ChangeOrderType(order_type_id=washing.id, active=False))
    assert (retired.active, retired.revision) == (False, 2)
    with pytest.raises(Refused, match="order_type_not_found"):
        await station.send(ChangeOrder(order_id=order.id, type="washing"))
    assert (await station.ask(GetWorkOrder(order_id=order.id))).type.name == "Мойка"


async def test_a_closed_order_takes_no_edit_of_any_field(station: Station) -> None:
    order = await an_order(station)
    await station.move(order.id, "in_progress")
    await station.move(order.id, "done")
    for field in ({"comment": "поздно"}, {"assignment_at": NOW}, {"examiner_id": None}):
        with pytest.raises(Refused, match="order_closed"):
            await station.send(ChangeOrder(order_id=order.id, **field))


async def test_of_a_closed_order_only_when_its_car_came_and_went_is_said(
    station: Station,
) -> None:
    for way in (("in_progress", "done"), ("cancelled",)):
        order = await an_order(station, vehicle_in_at=IN, vehicle_out_at=LATER)
        for status in way:
            await station.move(order.id, status)
        order = await station.send(ChangeOrder(order_id=order.id, vehicle_out_at=OUT))
        assert (order.status, order.vehicle_out_at) == (way[-1], OUT)
        with pytest.raises(Refused, match="car_out_before_in"):
            await station.send(ChangeOrder(order_id=order.id, vehicle_in_at=LATER))
        with pytest.raises(Refused, match="order_closed"):
            await station.send(
                ChangeOrder(order_id=order.id, vehicle_out_at=LATER, comment="поздно")
            )


async def test_the_main_mechanic_does_what_no_line_gives_to_another(station: Station) -> None:
    order = await an_order(station)
    main = await station.an_employee(order.section_id, last_name="Главный", login="main")
    order = await station.send(ChangeOrder(order_id=order.id, mechanic_id=main.id))
    own = FindOrders(own=True)
    assert [each.id for each in (await station.ask(own, actor=Actor("main", "technician"))).items]
    whole = await station.ask(GetWorkOrder(order_id=order.id))
    assert whole.mechanic
    assert whole.mechanic.name == "Главный Пётр"
