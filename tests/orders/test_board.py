"""The board: what is still to be done, each order in one lane."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import product
from typing import Any, get_args

import pytest

from services.orders.domain.board import Standing, is_overdue, lane_of
from shared.contracts.board import BoardCard, GetBoard, Lane
from shared.contracts.clients import VehicleAdded, VehicleView
from shared.contracts.finance import OrderPaid, OrderSettled
from shared.contracts.orders import (
    AddService,
    ChangeEmployee,
    ChangeLine,
    ChangeOrder,
    FindOrders,
    MoveOrder,
    OrderStatus,
    PartRequest,
    RequestParts,
)
from shared.ids import new_id
from shared.messaging.envelope import Actor
from tests.orders.builders import LATER, NOW
from tests.orders.test_handlers import a_known_product, a_new_order, answer_to, told
from tests.support.day import Station


@pytest.mark.parametrize(
    ("order", "lane"),
    [
        (Standing("draft"), "new"),
        (Standing("new"), "new"),
        (Standing("new", works=1, works_finished=1), "new"),
        (Standing("new", waits_for_parts=True), "waiting_for_parts"),
        (Standing("in_progress", waits_for_parts=True), "waiting_for_parts"),
        (Standing("draft", waits_for_approval=True), "waiting_for_approval"),
        (
            Standing("in_progress", waits_for_parts=True, waits_for_approval=True),
            "waiting_for_approval",
        ),
        (Standing("in_progress"), "in_progress"),
        (Standing("in_progress", works=2, works_finished=1), "in_progress"),
        (Standing("in_progress", works=2, works_finished=2), "ready"),
        (Standing("done", works=2, works_finished=2), "to_pay"),
    ],
)
def test_an_order_stands_in_one_lane(order: Standing, lane: Lane) -> None:
    assert lane_of(order) == lane


def test_every_standing_has_a_lane_and_every_lane_somebody() -> None:
    statuses: tuple[OrderStatus, ...] = ("draft", "new", "in_progress", "done")
    lanes = {
        lane_of(Standing(status, parts, approval, 1, finished))
        for status, parts, approval, finished in product(
            statuses, (False, True), (False, True), (0, 1)
        )
    }
    assert lanes == set(get_args(Lane))


def test_overdue_is_what_should_be_back_and_is_not_done() -> None:
    assert is_overdue("in_progress", NOW, LATER)
    assert not is_overdue("in_progress", LATER, NOW)
    assert not is_overdue("in_progress", None, NOW)
    assert not is_overdue("done", NOW, LATER)


async def board(station: Station, **filters: Any) -> dict[str, BoardCard]:
    page = await station.ask(GetBoard(**filters))
    return {card.number: card for card in page.items}


async def test_a_card_tells_what_there_is_of_the_order(station: Station) -> None:
    order = await a_new_order(station, customer_reason="Стучит справа")
    car = VehicleView(
        id=new_id(),
        client_id=order.client_id,
        vendor="Lada",
        model="Vesta",
        plate="А123ВС77",
        revision=1,
        created_at=NOW,
        updated_at=NOW,
    )
    await told(station, VehicleAdded(vehicle=car), "clients")
    await station.send(
        ChangeOrder(order_id=order.id, vehicle_id=car.id, vehicle_out_at=NOW + timedelta(hours=4))
    )
    other = await station.an_employee(order.section_id)
    done = await station.send(AddService(order_id=order.id, name="Колодки", initial_price="900"))
    await station.send(
        ChangeLine(order_id=order.id, line_id=done.services[0].id, mechanic_id=other.id)
    )
    await station.send(AddService(order_id=order.id, name="Масло", initial_price="100"))

    card = (await board(station))[order.number]
    assert (card.lane, card.status, card.reason) == ("new", "new", "Стучит справа")
    assert (card.car, card.plate) == ("Lada Vesta", "А123ВС77")
    assert card.due_at == NOW + timedelta(hours=4)
    assert card.overdue  # of a day long gone
    assert (card.works, card.works_finished, card.total) == (2, 0, Decimal("1000.00"))
    assert {person.id for person in card.mechanics} == {order.employee_id, other.id}

    product_ = await a_known_product(station)
    line = PartRequest(product_id=product_.id, quantity=Decimal(2))
    asked = await station.send(RequestParts(order_id=order.id, lines=(line,)))
    card = (await board(station))[order.number]
    assert (card.lane, card.parts, card.parts_there) == ("waiting_for_parts", 1, 0)
    await told(station, answer_to(asked), "inventory")
    card = (await board(station))[order.number]
    assert (card.lane, card.parts, card.parts_there) == ("new", 1, 1)

    await station.send(MoveOrder(order_id=order.id, to="in_progress"))
    assert (await board(station))[order.number].lane == "in_progress"
    for work in done.services + asked.services[1:]:
        await station.send(ChangeLine(order_id=order.id, line_id=work.id, progress="finished"))
    assert (await board(station))[order.number].lane == "ready"


async def test_a_done_order_stays_until_it_is_paid(station: Station) -> None:
    order = await a_new_order(station)
    await station.send(AddService(order_id=order.id, name="Мойка", initial_price="800"))
    await station.send(MoveOrder(order_id=order.id, to="in_progress"))
    done = await station.send(MoveOrder(order_id=order.id, to="done"))
    assert (await board(station))[order.number].lane == "to_pay"
    about = {
        "order_id": order.id,
        "number": order.number,
        "completion": 1,
        "client_id": order.client_id,
        "revenue": done.total,
    }
    none = dict.fromkeys(("cost", "pay", "deposits_applied"), Decimal(0))
    await told(station, OrderSettled(**about, **none, margin=done.total), "finance")
    card = (await board(station))[order.number]
    assert card.lane == "to_pay"
    assert "waiting_for_payment" in card.flags
    await told(station, OrderPaid(**about, money=done.total, at=LATER), "finance")
    assert await board(station) == {}


async def test_filters_and_pages(station: Station) -> None:
    first = await a_new_order(station, client={"name": "Сидорова Анна"})
    second = await a_new_order(station)
    cancelled = await a_new_order(station)
    await station.send(MoveOrder(order_id=cancelled.id, to="cancelled"))
    assert set(await board(station)) == {first.number, second.number}
    assert set(await board(station, q="сидорова")) == {first.number}
    assert set(await board(station, section_id=second.section_id)) == {second.number}
    assert set(await board(station, employee_id=second.employee_id)) == {second.number}

    await station.send(ChangeEmployee(employee_id=first.employee_id, login="vasya"))
    vasya = Actor("vasya", "advisor", new_id())
    own = await station.ask(GetBoard(own=True), actor=vasya)
    assert [card.number for card in own.items] == [first.number]
    nobody = await station.ask(GetBoard(own=True), actor=Actor("x", "advisor", new_id()))
    assert nobody.items == ()

    # A list of orders by when they count is another one than by when they were opened.
    counts = NOW - timedelta(days=400)
    await station.send(ChangeOrder(order_id=first.id, assignment_at=counts))
    then = {"start": counts, "end": counts + timedelta(days=1)}
    assert (await station.ask(FindOrders(**then))).items == ()
    counted = await station.ask(FindOrders(**then, accounted=True))
    assert [order.number for order in counted.items] == [first.number]

    page = await station.ask(GetBoard(limit=1))
    assert [card.number for card in page.items] == [second.number]
    rest = await station.ask(GetBoard(limit=1, cursor=page.next))
    assert [card.number for card in rest.items] == [first.number]
    assert rest.next is None
