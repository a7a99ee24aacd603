"""Several people do one work: their shares, who may say them, and what settling is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.gateway.pages.orders.performers import nameable
from services.orders import domain
from services.orders.domain.costs import expected_pay
from services.orders.domain.order import Performer
from services.orders.domain.performers import shared_by
from services.orders.store.sums import reckon
from shared.contracts.base import Command
from shared.contracts.clients import ClientCreated
from shared.contracts.order_reports import CheckOrderReports
from shared.contracts.orders import (
    AddService,
    ChangeEmployee,
    ChangeLine,
    ChangeOrder,
    ChangeService,
    CreateOrder,
    CreateService,
    Earner,
    EmployeeWorkload,
    FindOrders,
    NamedPerformer,
    OrderCompleted,
    OrderView,
)
from shared.contracts.work_order import GetWorkOrder
from shared.ids import id_of, new_id
from shared.messaging.envelope import Actor
from shared.messaging.folding import reckon_sums
from shared.refusals import Refused
from tests.orders.builders import LATER, a_service, an_order, money
from tests.orders.test_handlers import a_client_view, told
from tests.support.day import Station

ONE, TWO, THREE = (id_of(f"performer {number}") for number in range(3))
ADVISOR = Actor("anna", "advisor")
TECHNICIAN = Actor("sergey", "technician")


def shares(*percents: tuple[UUID, str]) -> tuple[Performer, ...]:
    return tuple(Performer(employee_id, Decimal(share)) for employee_id, share in percents)


@pytest.mark.parametrize(
    "performers",
    [
        shares((ONE, "50"), (TWO, "49.99")),
        shares((ONE, "50"), (TWO, "50.01")),
        shares((ONE, "50"), (ONE, "50")),
        shares((ONE, "99")),
    ],
)
def test_shares_of_different_people_come_to_a_hundred(performers: tuple[Performer, ...]) -> None:
    with pytest.raises(Refused, match="shares_invalid"):
        shared_by(performers, None)


def test_one_who_does_it_alone_is_its_mechanic_and_nothing_more() -> None:
    assert shared_by(shares((ONE, "100")), None) == ()
    assert shared_by((), ONE) == ()
    both = shares((ONE, "60"), (TWO, "40"))
    assert shared_by(both, ONE) == both
    with pytest.raises(Refused, match="performers_ambiguous"):
        shared_by(both, TWO)


def test_settling_is_told_who_did_what_and_who_answers() -> None:
    both = shares((ONE, "60"), (TWO, "40"))
    split = a_service(price=1000, mechanic_id=ONE, performers=both, group="Кузов", quantity=2)
    alone = a_service(price=500, labor_hours=Decimal("1.5"))
    order = an_order(status="in_progress", services=(split, alone))
    assigned = order.header.employee_id
    earners = {
        ONE: Earner(employee_id=ONE, pay_percent=Decimal(40), role="technician"),
        TWO: Earner(employee_id=TWO, pay_percent=Decimal(30), section_id=THREE),
    }

    _, completed = domain.move(order, "done", None, earners, LATER).events

    assert isinstance(completed, OrderCompleted)
    first, second = completed.services
    assert (first.mechanic_id, first.pay_percent) == (ONE, Decimal(40))
    assert first.performers == (
        earners[ONE].model_copy(update={"share": Decimal(60)}),
        earners[TWO].model_copy(update={"share": Decimal(40)}),
    )
    assert (first.group, first.quantity) == ("Кузов", Decimal(2))
    assert second.performers == (Earner(employee_id=assigned),)
    assert (second.labor_hours, second.quantity) == (Decimal("1.5"), Decimal(1))
    assert (completed.responsible, completed.product_responsible) == (None, None)


def test_pay_is_foreseen_as_it_will_be_booked() -> None:
    both = shares((ONE, "50"), (TWO, "50"))
    order = an_order(services=(a_service(price="0.03", mechanic_id=ONE, performers=both),))
    assert expected_pay(order, {ONE: Decimal(100), TWO: Decimal(100)}) == money("0.03")
    assert expected_pay(order, {ONE: Decimal(100), TWO: Decimal(50)}) == money("0.03")


async def an_open_order(station: Station) -> tuple[OrderView, list[UUID]]:
    """With a work, and three people."""
    client = a_client_view()
    await told(station, ClientCreated(client=client), "clients")
    section = await station.a_section()
    people = [
        (await station.an_employee(section.id, last_name=name, login=login)).id
        for name, login in (("А", None), ("Б", "sergey"), ("В", None))
    ]
    order = await station.send(
        CreateOrder(client_id=client.id, section_id=section.id, employee_id=people[0])
    )
    order = await station.send(
        AddService(order_id=order.id, name="Покраска", initial_price=Decimal(1000))
    )
    return order, people


def named(*percents: tuple[UUID, str]) -> tuple[NamedPerformer, ...]:
    return tuple(
        NamedPerformer(employee_id=employee_id, share=Decimal(share))
        for employee_id, share in percents
    )


async def refused(station: Station, command: Command[Any], actor: Actor = ADVISOR) -> str:
    with pytest.raises(Refused) as refusal:
        await station.send(command, actor=actor)
    return refusal.value.code


async def test_an_advisor_splits_a_work_and_takes_it_back(station: Station) -> None:
    order, (first, second, third) = await an_open_order(station)
    line = order.services[0]
    asked = {"order_id": order.id, "line_id": line.id}

    split = ChangeLine(**asked, performers=named((second, "70"), (third, "30")))
    assert await refused(station, split, TECHNICIAN) == "forbidden"
    changed = (await station.send(split, actor=ADVISOR)).services[0]
    assert changed.mechanic_id == second
    assert [(one.employee_id, one.share) for one in changed.performers] == [
        (second, Decimal(70)),
        (third, Decimal(30)),
    ]
    whole = (await station.ask(GetWorkOrder(order_id=order.id))).services[0]
    assert whole.mechanic
    assert whole.mechanic.id == second
    assert [(one.person.last_name, one.share) for one in whole.performers] == [
        ("Б", Decimal(70)),
        ("В", Decimal(30)),
    ]

    for wrong, code in (
        (ChangeLine(**asked, performers=named((second, "70"), (third, "31"))), "shares_invalid"),
        (ChangeLine(**asked, performers=named((new_id(), "100"))), "employee_not_found"),
        (
            ChangeLine(**asked, mechanic_id=first, performers=named((first, "100"))),
            "performers_ambiguous",
        ),
    ):
        assert await refused(station, wrong) == code
    # The same mechanic changes nothing; another one does it alone.
    same = await station.send(ChangeLine(**asked, mechanic_id=second), actor=ADVISOR)
    assert same.services[0].performers == changed.performers
    alone = await station.send(ChangeLine(**asked, mechanic_id=first), actor=ADVISOR)
    assert (alone.services[0].mechanic_id, alone.services[0].performers) == (first, ())


async def test_a_work_is_put_on_already_split_and_shown_to_all_who_do_it(
    station: Station,
) -> None:
    order, (first, second, third) = await an_open_order(station)
    split = AddService(
        order_id=order.id,
        name="Полировка",
        initial_price=Decimal(10),
        performers=named((third, "50"), (second, "50")),
    )
    assert await refused(station, split, TECHNICIAN) == "forbidden"
    before = await station.ask(FindOrders(own=True), actor=TECHNICIAN)
    assert before.items == ()

    added = (await station.send(split, actor=ADVISOR)).services[-1]

    assert (added.mechanic_id, len(added.performers)) == (third, 2)
    found = await station.ask(FindOrders(own=True), actor=TECHNICIAN)
    assert [one.id for one in found.items] == [order.id]
    assert first not in {one.employee_id for one in added.performers}


async def test_a_shared_work_is_everybodys_workload_by_shares(station: Station) -> None:
    order, (first, second, third) = await an_open_order(station)
    await station.send(
        AddService(
            order_id=order.id,
            name="Полировка",
            labor_hours=Decimal(2),
            labor_rate=Decimal(100),
            estimation_minutes=60,
            performers=named((second, "75"), (third, "25")),
        )
    )

    report = await station.ask(EmployeeWorkload())

    assert {
        row.employee_id: (row.planned_minutes, row.sold_hours, row.labor_total)
        for row in report.items
    } == {
        first: (0, Decimal("0.00"), Decimal("1000.00")),
        second: (45, Decimal("1.50"), Decimal("150.00")),
        third: (15, Decimal("0.50"), Decimal("50.00")),
    }
    # An operator has the sums reckoned anew: nothing is lost, and nothing is there twice.
    running = station.running["orders"]
    assert await reckon_sums(running.engine, running.settings.zone, reckon) > 0
    assert await station.ask(EmployeeWorkload()) == report
    assert (await station.ask(CheckOrderReports())).items == ()


async def test_a_line_keeps_the_group_that_its_work_had(station: Station) -> None:
    order, _ = await an_open_order(station)
    work = await station.send(
        CreateService(name="Покраска крыла", price=Decimal(500), group="Кузов")
    )
    order = await station.send(AddService(order_id=order.id, service_id=work.id))

    await station.send(ChangeService(service_id=work.id, group="Малярка"))

    assert order.services[-1].group == "Кузов"
    whole = await station.ask(GetWorkOrder(order_id=order.id))
    assert whole.services[-1].service.group == "Кузов"
    order = await station.send(AddService(order_id=order.id, service_id=work.id))
    assert order.services[-1].group == "Малярка"


# --- who does not work here any more -------------------------------------------------------------


async def test_who_has_left_is_named_on_no_order_that_does_not_name_them_yet(
    station: Station,
) -> None:
    section = await station.a_section()
    stays, left = [await station.an_employee(section.id) for _ in range(2)]
    client = a_client_view()
    await told(station, ClientCreated(client=client), "clients")
    about: dict[str, Any] = {"client_id": client.id, "section_id": section.id}
    before = await station.send(
        CreateOrder(**about, employee_id=left.id, responsible_id=left.id, examiner_id=left.id)
    )
    order = await station.send(CreateOrder(**about, employee_id=stays.id))
    work = AddService(order_id=order.id, name="Мойка", initial_price=money(500))
    order = await station.send(work)
    line = order.services[0].id
    await station.send(ChangeEmployee(employee_id=left.id, active=False))
    both = (
        NamedPerformer(employee_id=stays.id, share=Decimal(60)),
        NamedPerformer(employee_id=left.id, share=Decimal(40)),
    )
    named: list[Command[OrderView]] = [
        CreateOrder(**about, employee_id=left.id),
        CreateOrder(**about, employee_id=stays.id, mechanic_id=left.id),
        *(
            ChangeOrder.model_validate({"order_id": order.id, field: left.id})
            for field in ("employee_id", "mechanic_id", "responsible_id", "product_responsible_id",
                          "examiner_id")
        ),
        work.model_copy(update={"mechanic_id": left.id}),
        work.model_copy(update={"performers": both}),
        ChangeLine(order_id=order.id, line_id=line, mechanic_id=left.id),
        ChangeLine(order_id=order.id, line_id=line, performers=both),
    ]  # fmt: skip
    for command in named:
        with pytest.raises(Refused) as refusal:
            await station.send(command)
        assert refusal.value.words("ru") == "Петров Пётр больше не работает"
    assert (await station.order(order.id)).revision == order.revision

    # Where the order names them already, it says so again, and is edited in everything else.
    edited = await station.send(
        ChangeOrder(order_id=before.id, employee_id=left.id, mechanic_id=left.id, comment="да")
    )
    assert (edited.mechanic_id, edited.comment) == (left.id, "да")
    await station.send(work.model_copy(update={"order_id": before.id, "performers": both}))
    people = [each.model_copy(update={"active": each is stays}) for each in (stays, left)]
    assert [id for id, _ in nameable(people, before)] == [stays.id, left.id]
    assert [id for id, _ in nameable(people, order)] == [stays.id]
