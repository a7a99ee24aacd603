"""What others are asked before a transaction, and what was done already."""

from __future__ import annotations

from typing import Any, cast

import pytest

from services.finance.app import service
from shared.contracts.base import Event, Page, Question
from shared.contracts.clients import GetClient
from shared.contracts.inventory import SupplierView
from shared.contracts.purchasing import PaySupplier
from shared.handlers import Work
from shared.ids import new_id
from shared.messaging import inbox
from shared.messaging.beforehand import Beforehand
from shared.messaging.client import ServiceClient
from shared.messaging.inbox import Duplicate
from shared.refusals import Refused
from tests.finance.at_work import NOBODY, job
from tests.finance.builders import NOON, money, order_cancelled
from tests.support.day import Station
from tests.support.silence import silent


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


async def test_an_event_that_was_handled_is_known_though_nobody_answers_any_more(
    station: Station,
) -> None:
    running = station.running["finance"]

    async def ask(event: Event, store: Any, work: Work) -> Event:
        raise Refused("service_unavailable", service="orders")

    event = job(order_cancelled(new_id()))
    beforehand = Beforehand(running.settings, running.engine, service.handlers, NOBODY)
    with pytest.raises(Refused):
        await beforehand.prepare(event, ask)
    async with running.engine.begin() as connection:
        await inbox.remember(connection, [event.envelope.id])
    with pytest.raises(Duplicate):
        await beforehand.prepare(event, ask)


async def test_only_what_was_asked_beforehand_is_believed_in_the_transaction(
    station: Station,
) -> None:
    """What is asked under a lock is asked again by the next try, which has another one."""

    class Counting:
        asked = 0

        async def ask(self, question: Question[Any], **_: Any) -> int:
            self.asked += 1
            return self.asked

    running, others = station.running["finance"], Counting()
    client = cast(ServiceClient, others)
    question: Question[Any] = GetClient(client_id=new_id())

    async def ask(event: Event, store: Any, work: Work) -> Event:
        await work.ask(question)
        return event

    event = job(order_cancelled(new_id()))
    beforehand = Beforehand(running.settings, running.engine, service.handlers, client)
    await beforehand.prepare(event, ask)
    work = Work(event.envelope, NOON, running.settings, client, answers=event.answers)
    other: Question[Any] = GetClient(client_id=new_id())
    assert [await work.ask(each) for each in (question, other, other)] == [1, 2, 3]
