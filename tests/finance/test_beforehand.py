"""What others are asked before a transaction, and what was done already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Table, delete
from structlog.testing import capture_logs

from services.finance.app import service
from services.finance.store import schema
from shared.contracts.base import Command, Event, Page, Question
from shared.contracts.clients import GetClient
from shared.contracts.finance import TakePayment
from shared.contracts.inventory import SupplierView
from shared.contracts.orders import AddService, ListSections, OrderStatus
from shared.contracts.payment_documents import (
    MoveDeposit,
    OrderShare,
    PayFromBalance,
    PaymentPart,
    TakePaymentDocument,
)
from shared.contracts.payroll import AdjustPay, PayOut, PayoutLine
from shared.contracts.purchasing import PaySupplier
from shared.contracts.till import CreateCashBox
from shared.handlers import Unasked, Work
from shared.ids import new_id
from shared.messaging import inbox, lane
from shared.messaging.beforehand import Beforehand
from shared.messaging.client import ServiceClient
from shared.messaging.inbox import Duplicate
from shared.messaging.jobs import Job
from shared.messaging.outages import is_outage
from shared.refusals import Refused
from shared.service import Running
from tests.finance.at_work import check_books, job
from tests.finance.builders import NOON, money, order_cancelled
from tests.finance.pay_work import employee
from tests.support.broker import TestNats
from tests.support.day import Station, running_station
from tests.support.silence import NO_WAITING_S, silent
from tests.support.waiting import PATIENCE_S

HANDLER_RUNS = ("pitlane_handler_seconds_count", {"message": CreateCashBox.subject})


async def test_a_repeated_command_has_its_first_answer_though_nobody_answers_any_more(
    station: Station,
) -> None:
    supplier = SupplierView(id=new_id(), name="Поставщик", revision=1)
    pay = PaySupplier(supplier_id=supplier.id, amount=money("100"), method="transfer")
    async with silent(station, "inventory", Page(items=(supplier,))) as inventory:
        inventory.may_answer.set()
        paid = await station.send(pay, key="first")

    assert await station.send(pay, key="first") == paid

    with pytest.raises(Refused) as other:
        await station.send(pay.model_copy(update={"amount": money("200")}), key="first")
    assert other.value.code == "idempotency_key_reused"
    with pytest.raises(Refused) as again:
        await station.send(pay, key="second")
    assert again.value.code == "service_unavailable"


async def test_what_was_asked_is_asked_again_once_it_is_weighed_with_something_else(
    station: Station,
) -> None:

    class Counting:
        asked = 0

        async def ask(self, question: Question[Any], **_: Any) -> int:
            self.asked += 1
            return self.asked

    running, others = station.running["finance"], Counting()
    client = cast(ServiceClient, others)
    question: Question[Any] = GetClient(client_id=new_id())

    async def ask(message: Any, store: Any, work: Work) -> Any:
        await work.ask(question, given="one")
        return message

    command = job(CreateCashBox(name="Касса"))
    beforehand = Beforehand(running.settings, running.engine, service.handlers, client)
    await beforehand.prepare(command, ask)
    work = Work(
        command.envelope, NOON, running.settings, client, answers=command.answers, in_lane=True
    )
    assert await work.ask(question, given="one") == 1
    with pytest.raises(Unasked) as unasked:
        await work.ask(question, given="another")
    runs = REGISTRY.get_sample_value(*HANDLER_RUNS)
    await beforehand.ask(command, unasked.value)
    assert REGISTRY.get_sample_value(*HANDLER_RUNS) == runs  # no handler ran
    assert await work.ask(question, given="another") == 2


DONE: tuple[OrderStatus, ...] = ("in_progress", "done")


async def forget(finance: Running, *tables: Table) -> None:
    """As though the events that fill them had not come yet."""
    async with finance.engine.begin() as connection:
        for table in tables:
            await connection.execute(delete(table))


async def test_orders_and_clients_that_nobody_told_of_yet_are_asked_for_at_once(
    nats_server: TestNats, database: Callable[[str], str]
) -> None:
    async with running_station(nats_server, database, "clients", "orders", "finance") as station:
        orders = [await station.an_order() for _ in range(3)]
        await station.settle_down()
        finance = station.running["finance"]
        await forget(finance, schema.orders, schema.accounts)
        command = TakePaymentDocument(
            payer_id=orders[0].client_id,
            orders=tuple(OrderShare(order_id=order.id, amount=money("100")) for order in orders),
            parts=(PaymentPart(method="cash", amount=money("300")),),
        )

        with capture_logs() as logs:
            paid = await station.send(command)

        assert [one.customer_id for one in paid.payments] == [one.client_id for one in orders]
        # Nothing that was noted had to be taken back for the next question.
        assert "batch_failed" not in {line["event"] for line in logs}
        await check_books(finance.engine)


async def test_a_payment_asks_for_its_order_and_client_before_it_notes_either(
    nats_server: TestNats, database: Callable[[str], str]
) -> None:
    services = ("clients", "orders", "inventory", "finance")
    async with running_station(nats_server, database, *services) as station:
        order, payer = await station.an_order(), await station.a_client()
        customer_id = order.client_id
        await station.settle_down()
        finance = station.running["finance"]
        take = TakePayment(
            order_id=order.id,
            customer_id=customer_id,
            payer_id=payer.id,
            amount=money("100"),
            method="cash",
        )

        with capture_logs() as logs:
            await forget(finance, schema.orders, schema.accounts)
            paid = await station.send(take)
            done = await station.an_order(client_id=customer_id)
            wash = AddService(order_id=done.id, name="Мойка", initial_price=money("90"))
            await station.send(wash)
            for to in DONE:
                await station.move(done.id, to)
            await station.order_when(done.id, lambda each: "settled" in each.flags)
            await forget(finance, schema.orders)
            moved = await station.send(MoveDeposit(payment_id=paid.id))
            await forget(finance, schema.orders)
            pay = PayFromBalance(client_id=customer_id, order_id=done.id)
            taken = await station.send(pay)

        assert (paid.order_id, paid.payer_id) == (order.id, payer.id)
        assert moved.order_id is None
        assert taken.amount == money("90")
        # Nobody who shared their transactions was done again.
        assert "batch_failed" not in {line["event"] for line in logs}
        await check_books(finance.engine)


async def test_an_event_that_comes_twice_while_others_are_asked_is_handled_once_and_not_before(
    station: Station,
) -> None:
    running, handled = station.running["finance"].lane, []

    async def ask(event: Event, store: Any, work: Work) -> None:
        await work.ask(ListSections())
        handled.append(event)

    first = job(order_cancelled(new_id()))
    first.route = replace(first.route, handler=ask)
    again = Job(first.route, first.message, first.envelope, first.body)
    async with silent(station, "orders", Page(items=())) as orders:
        coming = [asyncio.create_task(running.submit(each)) for each in (first, again)]
        async with asyncio.timeout(PATIENCE_S):
            await orders.heard.wait()
        async with asyncio.timeout(NO_WAITING_S):
            await station.send(CreateCashBox(name="Касса"))
        assert not any(task.done() for task in coming)
        orders.may_answer.set()
        ends = await asyncio.gather(*coming, return_exceptions=True)
    # In two batches the second one runs its handler, too, and is taken back by the inbox.
    assert {type(end) for end in ends} == {bytes, Duplicate}
    assert handled


async def test_an_event_that_was_handled_and_is_refused_now_is_a_duplicate(
    station: Station,
) -> None:
    running = station.running["finance"]

    async def refuse(event: Event, store: Any, work: Work) -> None:
        raise Refused("not_found")

    event = job(order_cancelled(new_id()))
    event.route = replace(event.route, handler=refuse)
    with pytest.raises(Refused):
        await running.lane.submit(event)
    async with running.engine.begin() as connection:
        await inbox.remember(connection, [event.envelope.id])
    event.ended = asyncio.get_running_loop().create_future()
    with pytest.raises(Duplicate):
        await running.lane.submit(event)


async def test_what_asks_without_end_has_failed_and_is_no_outage(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "MAX_ASKED", 2)

    async def ask(message: Any, store: Any, work: Work) -> None:
        for number in range(3):
            await work.ask(ListSections(limit=number + 1))

    event, command = job(order_cancelled(new_id())), job(CreateCashBox(name="Касса"))
    for each in (event, command):
        each.route = replace(each.route, handler=ask)
    async with silent(station, "orders", Page(items=())) as orders:
        orders.may_answer.set()
        with pytest.raises(RuntimeError, match="asks without end") as failed:
            await station.running["finance"].lane.submit(event)
        assert not is_outage(failed.value)
        with pytest.raises(Refused, match="internal_error"):
            await station.running["finance"].lane.submit(command)


async def test_a_lane_that_stops_tells_all_who_wait(station: Station) -> None:
    running, hanging = station.running["finance"].lane, asyncio.Event()

    async def ask(event: Event, store: Any, work: Work) -> None:
        await work.ask(ListSections())

    async def hang(event: Event, store: Any, work: Work) -> None:
        hanging.set()
        await asyncio.Event().wait()

    asking, at_work, queued, late = (job(order_cancelled(new_id())) for _ in range(4))
    asking.route = replace(asking.route, handler=ask)
    at_work.route = replace(at_work.route, handler=hang)
    async with silent(station, "orders", Page(items=())) as orders, asyncio.timeout(PATIENCE_S):
        waiting = [asyncio.create_task(running.submit(asking))]
        await orders.heard.wait()
        waiting.append(asyncio.create_task(running.submit(at_work)))
        await hanging.wait()
        waiting.append(asyncio.create_task(running.submit(queued)))
        await asyncio.sleep(0)
        await running.stop()
        orders.may_answer.set()
        waiting.append(asyncio.create_task(running.submit(late)))
        ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [end.code for end in ends if isinstance(end, Refused)] == ["service_unavailable"] * 4


async def test_the_till_goes_on_while_nobody_says_who_works_here(station: Station) -> None:
    someone = employee(new_id(), "Петров")
    bonus = AdjustPay(employee_id=someone.id, kind="bonus", amount=money("500"), reason="Срочно")
    out = PayOut(
        lines=(PayoutLine(employee_id=someone.id, amount=money("100")),),
        method="transfer",
        advance=True,
    )
    commands: tuple[Command[Any], ...] = (out, bonus)
    for number, command in enumerate(commands):
        async with silent(station, "orders", Page(items=(someone,))) as orders:
            paying = asyncio.create_task(station.send(command, key=f"pay {number}"))
            async with asyncio.timeout(PATIENCE_S):
                await orders.heard.wait()
            async with asyncio.timeout(NO_WAITING_S):
                await station.send(CreateCashBox(name=f"Касса {number}"))
            orders.may_answer.set()
            paid = await paying
            assert orders.times == 1
        # Nobody could be asked now, and nobody is: it is done.
        assert await station.send(command, key=f"pay {number}") == paid
    await check_books(station.running["finance"].engine)
