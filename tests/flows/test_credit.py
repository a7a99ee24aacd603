"""Clients with a contract owe up to their limit, and it is seen when they pay late."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.contracts.client_contracts import CreateContract
from shared.contracts.clients import ClientView
from shared.contracts.finance import BalanceView, GetBalance, OrderSettled, TakePayment
from shared.contracts.forms import PrintForm
from shared.contracts.orders import AddService, MoveOrder, OrderView
from shared.contracts.requisites import Requisites
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.support.day import Station
from tests.support.silence import NO_WAITING_S, silent
from tests.support.waiting import PATIENCE_S

ANNA = Actor("anna", "advisor", new_id())


async def a_company(station: Station, **terms: Any) -> ClientView:
    client = await station.a_client(
        kind="company",
        company_name="ООО «Вектор»",
        requisites=Requisites(tax_number="7707083893", legal_address="Москва, ул. Ямская, 12"),
    )
    await station.send(
        CreateContract(client_id=client.id, number="1", signed_on=date(2026, 1, 1), **terms)
    )
    await station.settle_down()
    return client


async def an_order_in_progress(station: Station, client: ClientView, price: str) -> OrderView:
    order = await station.an_order(client_id=client.id)
    await station.send(AddService(order_id=order.id, name="ТО", initial_price=Decimal(price)))
    return await station.move(order.id, "in_progress")


async def test_a_car_leaves_unpaid_within_the_limit_and_not_beyond(station: Station) -> None:
    client = await a_company(station, credit_limit=Decimal(1500))
    first = await an_order_in_progress(station, client, "1000")
    await station.move(first.id, "done")
    second = await an_order_in_progress(station, client, "600")

    # Whether finance has heard of the first one or not.
    with pytest.raises(Refused) as refused:
        await station.send(MoveOrder(order_id=second.id, to="done"), actor=ANNA)
    assert refused.value.code == "credit_limit_exceeded"
    await station.settle_down()
    with pytest.raises(Refused) as refused:
        await station.send(MoveOrder(order_id=second.id, to="done"), actor=ANNA)
    assert refused.value.params == {
        "limit": "1500.00",
        "owes": "1000.00",
        "total": "600.00",
        "over": "100.00",
    }
    assert (await station.order(second.id)).status == "in_progress"

    with pytest.raises(Refused, match="forbidden"):
        await station.send(
            MoveOrder(order_id=second.id, to="done", over_limit="Просил"), actor=ANNA
        )
    await station.send(TakePayment(customer_id=client.id, amount=Decimal(100), method="transfer"))
    done = await station.send(MoveOrder(order_id=second.id, to="done"), actor=ANNA)
    assert done.status == "done"


async def test_the_office_lets_a_car_go_and_says_why(station: Station) -> None:
    client = await a_company(station, credit_limit=Decimal(100))
    order = await an_order_in_progress(station, client, "600")
    await station.send(MoveOrder(order_id=order.id, to="done", over_limit="Оплатят в пятницу"))
    await station.settle_down()
    moved = await station.records(event="evt.orders.order_moved.v1", order_id=order.id)
    assert moved[0].body["over_limit"] == "Оплатят в пятницу"


async def test_two_cars_of_one_client_do_not_use_the_same_credit_twice(station: Station) -> None:
    client = await a_company(station, credit_limit=Decimal(1000))
    orders = [await an_order_in_progress(station, client, "600") for _ in range(2)]
    ends = await asyncio.gather(
        *(station.move(order.id, "done") for order in orders), return_exceptions=True
    )
    (refusal,) = [end for end in ends if isinstance(end, Refused)]
    assert refusal.code == "credit_limit_exceeded"


async def test_a_limit_holds_only_while_its_contract_is_valid(station: Station) -> None:
    yesterday = date.today() - timedelta(days=2)
    client = await a_company(station, credit_limit=Decimal(0), valid_to=yesterday)
    order = await an_order_in_progress(station, client, "600")
    assert (await station.move(order.id, "done")).status == "done"


async def test_while_finance_is_away_no_credit_is_given_and_others_are_served(
    station: Station,
) -> None:
    client = await a_company(station, credit_limit=Decimal(1000))
    order = await an_order_in_progress(station, client, "600")
    somebody = await an_order_in_progress(station, await station.a_client(), "600")
    await station.stop("finance")
    with pytest.raises(Refused, match="service_unavailable"):
        await station.move(order.id, "done")
    assert (await station.move(somebody.id, "done")).status == "done"


async def test_nobody_else_waits_while_finance_does_not_say_what_a_client_owes(
    station: Station,
) -> None:
    """And what finance said before an order was settled is not held against those that are under
    way afterwards: it would be on neither side."""
    client = await a_company(station, credit_limit=Decimal(1000))
    settled = await an_order_in_progress(station, client, "600")
    await station.stop("finance")
    nothing = BalanceView(client_id=client.id, owes=Decimal(0))
    async with silent(station, "finance", nothing) as finance:
        finance.may_answer.set()
        done = await station.move(settled.id, "done")
        finance.may_answer.clear()
        finance.heard.clear()
        second = await an_order_in_progress(station, client, "400")
        moving = asyncio.create_task(station.move(second.id, "done"))
        async with asyncio.timeout(PATIENCE_S):
            await finance.heard.wait()
        async with asyncio.timeout(NO_WAITING_S):
            await station.a_section()
        await station.publish(
            OrderSettled(
                order_id=done.id,
                number=done.number,
                client_id=client.id,
                completion=1,
                revenue=Decimal(600),
                cost=Decimal(0),
                pay=Decimal(0),
                margin=Decimal(600),
                deposits_applied=Decimal(0),
            ),
            "finance",
        )
        await station.settle_down()
        finance.may_answer.set()
        await moving
    assert finance.times == 3


async def test_what_is_paid_late_is_shown(station: Station) -> None:
    client = await a_company(station, payment_days=0)
    order = await an_order_in_progress(station, client, "600")
    await station.move(order.id, "done")
    await station.settle_down()
    balance = await station.ask(GetBalance(client_id=client.id))
    assert (balance.owes, balance.overdue) == (Decimal(600), Decimal(0))


async def test_requisites_of_a_company_stand_on_its_invoice(station: Station) -> None:
    client = await a_company(station)
    order = await an_order_in_progress(station, client, "600")
    await station.settle_down()
    for form in ("invoice", "completion_act"):
        paper = await station.ask(PrintForm(order_id=order.id, form=form, format="html"))
        assert "7707083893" in paper.content.decode()
