"""Two cards of one client become one, and every service follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from shared.contracts.approvals import AnswerWork, ListDeclinedWorks, QuoteWorks
from shared.contracts.audit import VerifyChain
from shared.contracts.client_merge import MergeClients
from shared.contracts.clients import ClientChanged, GetClient, SaidConsents
from shared.contracts.finance import GetBalance, ListPayments, TakePayment
from shared.contracts.forms import PrintForm
from shared.contracts.messages import ListMessages, SendMessage
from shared.contracts.orders import AddService, ChangeOrder, CreateOrder, FindOrders
from shared.contracts.work_order import GetWorkOrder
from shared.refusals import Refused
from tests.support.day import Station

HOUSE_CALL = {"name": "Замена масла", "initial_price": Decimal(1000)}


async def test_orders_money_cars_and_messages_are_the_survivors(station: Station) -> None:
    client = await station.a_client(consents=SaidConsents(sms=True))
    other = await station.a_client(
        last_name="Иваноff", phones=("+79261234567",), consents=SaidConsents(sms=True)
    )
    car = await station.a_vehicle(other.id)
    old = await station.an_order(client_id=other.id, vehicle_id=car.id)
    await station.send(AddService(order_id=old.id, **HOUSE_CALL))
    await station.move(old.id, "in_progress")
    await station.move(old.id, "done")
    await station.order_when(old.id, lambda order: "settled" in order.flags)
    paid = await station.send(TakePayment(customer_id=other.id, amount=Decimal(300), method="cash"))
    open_one = await station.an_order(client_id=other.id, vehicle_id=car.id, driver_id=other.id)
    drafted = await station.send(AddService(order_id=open_one.id, **HOUSE_CALL))
    await station.send(QuoteWorks(order_id=open_one.id))
    await station.send(
        AnswerWork(order_id=open_one.id, line_id=drafted.services[0].id, to="declined", how="phone")
    )
    paid_by_other = await station.an_order(client_id=client.id, payer_id=other.id)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    message = await station.send(
        SendMessage(client_id=other.id, channel="sms", text="Ждём вас", send_at=tomorrow)
    )
    await station.settle_down()

    await station.send(MergeClients(client_id=client.id, other_id=other.id))
    await station.settle_down()

    # Orders, open and old.
    found = await station.ask(FindOrders(client_id=other.id))
    assert {(each.id, each.client_id, each.client_name) for each in found.items} == {
        (order.id, client.id, client.name) for order in (old, open_one, paid_by_other)
    }
    shown = await station.ask(GetWorkOrder(order_id=open_one.id))
    assert shown.customer.id == shown.payer.id == client.id
    assert shown.customer.phones == ("+79161234567", "+79261234567")
    assert shown.driver is not None
    assert shown.driver.id == client.id
    assert (await station.order(paid_by_other.id)).payer_id == client.id
    printed = await station.ask(PrintForm(order_id=old.id, form="work_order", format="html"))
    assert client.name in printed.content.decode()
    assert "Иваноff" not in printed.content.decode()
    assert len((await station.ask(ListDeclinedWorks(vehicle_id=car.id))).items) == 1
    # What is done to the open order goes on as it was.
    await station.send(ChangeOrder(order_id=open_one.id, vehicle_id=car.id))
    with pytest.raises(Refused, match="client_merged"):
        await station.send(
            CreateOrder(client_id=other.id, section_id=old.section_id, employee_id=old.employee_id)
        )
    # Money.
    assert (await station.ask(GetBalance(client_id=other.id))).owes == Decimal(700)
    assert [each.id for each in (await station.ask(ListPayments(customer_id=client.id))).items] == [
        paid.id
    ]
    await station.move(old.id, "in_progress", "Стучит")
    await station.settle_down()
    assert (await station.ask(GetBalance(client_id=client.id))).owes == Decimal(-300)
    # Messages.
    sent = await station.ask(ListMessages(client_id=other.id))
    assert [(each.id, each.client_id) for each in sent.items] == [(message.id, client.id)]
    # The audit keeps both as they were.
    (record,) = await station.records(event="evt.clients.client_merged.v1")
    assert record.body["merged"]["last_name"] == "Иваноff"
    assert (await station.ask(VerifyChain())).intact


async def test_an_order_that_was_opened_before_is_answered_as_it_was(station: Station) -> None:
    client = await station.a_client()
    other = await station.a_client(last_name="Другова")
    first = await station.an_order(client_id=client.id)
    command = CreateOrder(
        client_id=other.id, section_id=first.section_id, employee_id=first.employee_id
    )
    opened = await station.send(command, key="asked for twice")
    await station.send(MergeClients(client_id=client.id, other_id=other.id))
    await station.settle_down()

    assert (await station.send(command, key="asked for twice")).id == opened.id
    with pytest.raises(Refused, match="client_merged"):
        await station.send(command)
    changed = command.model_copy(update={"customer_reason": "Стучит"})
    with pytest.raises(Refused, match="idempotency_key_reused"):
        await station.send(changed, key="asked for twice")


async def test_news_of_the_merged_card_that_come_late_change_nothing(station: Station) -> None:
    client = await station.a_client()
    other = await station.a_client(last_name="Другова")
    await station.send(MergeClients(client_id=client.id, other_id=other.id))
    order = await station.an_order(client_id=client.id)
    await station.settle_down()

    await station.publish(ClientChanged(client=other), "clients")
    await station.settle_down()

    assert (await station.ask(GetClient(client_id=other.id))).id == client.id
    with pytest.raises(Refused, match="client_merged"):
        await station.send(ChangeOrder(order_id=order.id, payer_id=other.id))
