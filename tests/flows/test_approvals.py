"""What clients want and do not want: the bill, the warehouse, the books, and the next visit."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.approvals import (
    AnswerEstimate,
    AnswerWork,
    AnswerWorks,
    DeclinedWorkView,
    DismissDeclinedWorks,
    EstimateLink,
    ListDeclinedWorks,
    QuoteWorks,
    ShowEstimate,
    TakeDeclinedWorks,
    WorkAnswer,
)
from shared.contracts.clients import ChangeVehicle
from shared.contracts.finance import GetOrderProfit
from shared.contracts.inventory import GetStock, StockView
from shared.contracts.orders import (
    AddService,
    ChangeService,
    CreateOrder,
    CreateService,
    EmployeeWorkload,
    FindOrders,
    OrderView,
)
from shared.contracts.work_order import GetWorkOrder
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.support.day import Station
from tests.support.waiting import eventually


async def a_visit(station: Station, **fields: Any) -> OrderView:
    """Oil with a material, and pads with goods: 100 + 2 × 20, and 500 + 1 × 2000."""
    client = await station.a_client()
    car = await station.a_vehicle(client.id)
    order = await station.an_order(client_id=client.id, vehicle_id=car.id, **fields)
    for name, price in (("Замена масла", "100"), ("Замена колодок", "500")):
        order = await station.send(
            AddService(order_id=order.id, name=name, initial_price=Decimal(price))
        )
    oil, pads = (line.id for line in order.services)
    warehouse = await station.a_warehouse()
    rag = await station.a_product("20", name="Ветошь")
    pad = await station.a_product("2000", name="Колодки")
    await station.receive(warehouse.id, rag.id, "10", "5")
    await station.receive(warehouse.id, pad.id, "1", "1200")
    await station.request(order.id, rag.id, "2", "material", service_line_id=oil)
    await station.request(order.id, pad.id, "1", service_line_id=pads)
    return await station.order_when(order.id, lambda now: now.total == Decimal("2640"))


async def answer(station: Station, order: OrderView, place: int, to: str) -> OrderView:
    return await station.send(
        AnswerWork.model_validate(
            {
                "order_id": order.id,
                "line_id": order.services[place].id,
                "to": to,
                "how": "phone",
            }
        )
    )


async def stock_of(station: Station, product_id: UUID) -> StockView:
    """In the one warehouse that it was received in."""
    (stock,) = (await station.ask(GetStock(product_id=product_id))).items
    return stock


async def declined_of(station: Station, vehicle_id: UUID | None) -> list[DeclinedWorkView]:
    assert vehicle_id
    return list((await station.ask(ListDeclinedWorks(vehicle_id=vehicle_id))).items)


async def next_visit(station: Station, order: OrderView, **fields: Any) -> OrderView:
    return await station.send(
        CreateOrder(
            **{
                "client_id": order.client_id,
                "vehicle_id": order.vehicle_id,
                "section_id": order.section_id,
                "employee_id": order.employee_id,
                **fields,
            }
        )
    )


async def test_a_declined_work_costs_nothing_and_its_parts_go_back_on_the_shelf(
    station: Station,
) -> None:
    order = await a_visit(station)
    pad = order.products[0]
    order = await answer(station, order, 1, "declined")
    assert (order.total, order.products_total) == (Decimal(140), Decimal(0))
    assert order.products[0].state == "released"

    async def is_free() -> bool:
        stock = await stock_of(station, pad.product_id)
        return stock.available == stock.on_hand == Decimal(1)

    await eventually(is_free)
    await station.move(order.id, "in_progress")
    await station.move(order.id, "done")
    done = await station.order_when(order.id, lambda now: "settled" in now.flags)
    assert done.total == Decimal(140)
    profit = await station.ask(GetOrderProfit(order_id=order.id))
    assert (profit.revenue, profit.cost) == (Decimal(140), Decimal(10))
    whole = await station.ask(GetWorkOrder(order_id=order.id))
    assert [line.service.name for line in whole.services] == ["Замена масла"]
    assert [line.service.name for line in whole.declined] == ["Замена колодок"]
    assert whole.declined[0].approval.state == "declined"
    assert whole.products == ()
    workload = await station.ask(EmployeeWorkload(employee_id=order.employee_id))
    assert workload.items[0].labor_total == Decimal(100)
    await station.move(order.id, "in_progress")
    await station.settle_down()
    again = await answer(station, await station.order(order.id), 1, "approved")
    assert again.total == Decimal(2640)
    await station.order_when(order.id, lambda now: now.products[0].state == "reserved")


async def test_changing_ones_mind_again_and_again_leaves_the_warehouse_in_step(
    station: Station,
) -> None:
    order = await a_visit(station)
    for to in ("declined", "approved") * 5:
        await answer(station, order, 1, to)
    await station.settle_down()
    order = await station.order(order.id)
    assert order.products[0].state == "reserved"
    stock = await stock_of(station, order.products[0].product_id)
    assert (stock.on_hand, stock.reserved) == (Decimal(1), Decimal(1))
    await answer(station, order, 1, "declined")
    await station.settle_down()
    stock = await stock_of(station, order.products[0].product_id)
    assert (stock.on_hand, stock.reserved) == (Decimal(1), Decimal(0))


async def test_the_clients_answer_by_link_stands_in_the_audit_under_the_links_own_name(
    station: Station,
) -> None:
    order = await a_visit(station)
    await station.send(QuoteWorks(order_id=order.id))
    path = (await station.ask(EstimateLink(order_id=order.id))).path
    token = path.removeprefix("/e/")
    client = Actor("client link 019ab0c6", "client")
    seen = await station.ask(ShowEstimate(token=token), actor=client)
    lines = tuple(job.line_id for job in seen.jobs)
    await station.send(
        AnswerEstimate(token=token, version=seen.version, lines=lines, to="approved"),
        actor=client,
    )
    await station.settle_down()
    records = await station.records(order_id=order.id)
    told = [each for each in records if each.event == "evt.orders.work_approved.v1"]
    assert [(each.actor, each.body["how"]) for each in told] == [
        ("client link 019ab0c6", "link")
    ] * 2
    assert token.partition(".")[2] not in "".join(each.model_dump_json() for each in records)


async def test_an_order_is_not_done_before_the_client_has_answered(station: Station) -> None:
    order = await a_visit(station)
    await station.send(QuoteWorks(order_id=order.id))
    await station.move(order.id, "in_progress")
    with pytest.raises(Refused, match="work_not_approved"):
        await station.move(order.id, "done")
    (listed,) = (await station.ask(FindOrders())).items
    assert "waiting_for_approval" in listed.flags
    answers = tuple(
        WorkAnswer(line_id=line.id, to=to)
        for line, to in zip(order.services, ("approved", "declined"), strict=True)
    )
    order = await station.send(
        AnswerWorks(order_id=order.id, answers=answers, how="in_person", by="Жена")
    )
    assert [line.approval.by for line in order.services] == ["Жена", "Жена"]
    assert (await station.move(order.id, "done")).total == Decimal(140)
    assert (await station.ask(FindOrders())).items[0].flags == ("waiting_for_payment",)


async def test_what_was_declined_is_offered_at_the_next_visit_to_whoever_owns_the_car(
    station: Station,
) -> None:
    order = await a_visit(station)
    assert order.declined_works == 0
    await answer(station, order, 1, "declined")
    assert (await station.order(order.id)).declined_works == 0
    buyer = await station.a_client(last_name="Петрова", phones=())
    assert order.vehicle_id
    await station.send(ChangeVehicle(vehicle_id=order.vehicle_id, client_id=buyer.id))
    await station.settle_down()

    (declined,) = await declined_of(station, order.vehicle_id)
    assert (declined.name, declined.price, declined.number, declined.how) == (
        "Замена колодок",
        Decimal(2500),
        order.number,
        "phone",
    )
    second = await next_visit(station, order, client_id=buyer.id)
    assert second.declined_works == 1
    taken = await station.send(TakeDeclinedWorks(order_id=second.id, ids=(declined.id,)))
    assert [(line.name, line.approval.state) for line in taken.services] == [
        ("Замена колодок", "unasked")
    ]
    assert taken.products[0].service_line_id == taken.services[0].id
    taken = await station.order_when(second.id, lambda now: now.total == Decimal(2500))
    assert taken.declined_works == 0
    assert await declined_of(station, order.vehicle_id) == []
    with pytest.raises(Refused, match="declined_work_closed"):
        await answer(station, order, 1, "approved")


async def test_a_work_of_the_catalogue_comes_back_at_todays_price(station: Station) -> None:
    order = await a_visit(station)
    work = await station.send(CreateService(name="Мойка", price=Decimal(700)))
    order = await station.send(AddService(order_id=order.id, service_id=work.id))
    await answer(station, order, 2, "declined")
    await station.send(ChangeService(service_id=work.id, price=Decimal(900)))
    second = await next_visit(station, order)
    (declined,) = await declined_of(station, order.vehicle_id)
    taken = await station.send(TakeDeclinedWorks(order_id=second.id, ids=(declined.id,)))
    assert (declined.price, taken.total) == (Decimal(700), Decimal(900))


async def test_a_free_work_comes_back_with_the_price_hours_and_minutes_that_were_said(
    station: Station,
) -> None:
    order = await a_visit(station)
    said = {
        "initial_price": Decimal(900),
        "labor_hours": Decimal("0.5"),
        "labor_rate": Decimal(1500),
        "estimation_minutes": 45,
    }
    order = await station.send(AddService(order_id=order.id, name="Пайка", **said))
    await answer(station, order, 2, "declined")
    second = await next_visit(station, order)
    (declined,) = await declined_of(station, order.vehicle_id)
    taken = await station.send(TakeDeclinedWorks(order_id=second.id, ids=(declined.id,)))
    assert {name: getattr(taken.services[0], name) for name in said} == said


async def test_of_two_orders_that_take_a_declined_work_at_once_one_gets_it(
    station: Station,
) -> None:
    order = await a_visit(station)
    await answer(station, order, 1, "declined")
    (declined,) = await declined_of(station, order.vehicle_id)
    visits = [await next_visit(station, order) for _ in range(4)]

    async def take(visit: OrderView) -> str:
        try:
            await station.send(TakeDeclinedWorks(order_id=visit.id, ids=(declined.id,)))
        except Refused as refusal:
            return refusal.code
        return "taken"

    outcomes = await asyncio.gather(*map(take, visits))
    assert sorted(outcomes) == ["declined_work_closed"] * 3 + ["taken"]
    after = [await station.order(visit.id) for visit in visits]
    assert sum(len(visit.services) for visit in after) == 1


async def test_a_declined_work_that_is_dismissed_is_offered_no_more(station: Station) -> None:
    order = await a_visit(station)
    await answer(station, order, 1, "declined")
    (declined,) = await declined_of(station, order.vehicle_id)
    assert order.vehicle_id
    dismiss = DismissDeclinedWorks(
        vehicle_id=order.vehicle_id, ids=(declined.id,), reason="Сделал сам"
    )
    await station.send(dismiss)
    assert await declined_of(station, order.vehicle_id) == []
    with pytest.raises(Refused, match="declined_work_closed"):
        await station.send(dismiss)
    second = await next_visit(station, order)
    with pytest.raises(Refused, match="declined_work_closed"):
        await station.send(TakeDeclinedWorks(order_id=second.id, ids=(declined.id,)))


async def test_a_declined_work_is_taken_only_on_an_open_order_of_its_own_car(
    station: Station,
) -> None:
    order = await a_visit(station)
    await answer(station, order, 1, "declined")
    (declined,) = await declined_of(station, order.vehicle_id)
    other_car = await station.a_vehicle(order.client_id, plate="В321ЕК77")
    closed = await next_visit(station, order)
    await station.move(closed.id, "cancelled")
    for visit, code in (
        (await next_visit(station, order, vehicle_id=other_car.id), "declined_work_not_found"),
        (await next_visit(station, order, vehicle_id=None), "declined_work_not_found"),
        (order, "declined_work_not_found"),
        (closed, "order_closed"),
    ):
        with pytest.raises(Refused, match=code):
            await station.send(TakeDeclinedWorks(order_id=visit.id, ids=(declined.id,)))
    # A refused one has closed nothing.
    assert await declined_of(station, order.vehicle_id) == [declined]


async def test_declined_works_come_page_by_page_the_newest_first(station: Station) -> None:
    order = await a_visit(station)
    for place in (0, 1):
        await answer(station, order, place, "declined")
    assert order.vehicle_id
    question = ListDeclinedWorks(vehicle_id=order.vehicle_id, limit=1)
    first = await station.ask(question)
    rest = await station.ask(question.model_copy(update={"cursor": first.next}))
    assert [work.name for work in (*first.items, *rest.items)] == [
        "Замена колодок",
        "Замена масла",
    ]
    assert rest.next is None
