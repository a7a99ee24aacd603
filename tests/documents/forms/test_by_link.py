"""Papers that a client takes home by the link of their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest

from shared.contracts.approvals import LinkedOrder, OrderOfLink
from shared.contracts.base import Question, View
from shared.contracts.forms import ClientForm, PrintByLink
from shared.contracts.orders import OrderStatus
from shared.contracts.work_order import GetWorkOrder
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.documents.forms.builders import MATERIAL, NUMBER, an_order, text_of
from tests.documents.forms.standing_in import standing_in
from tests.support.broker import TestNats
from tests.support.day import running_station

TOKEN = "AZqwxptVfaaB44utPl96nA.c2lnbmVk"
CLIENT = Actor("client link 1", "client")
ADVISOR = Actor("advisor", "advisor")


async def test_a_client_takes_the_papers_of_a_done_order_home_and_sees_no_materials(
    nats_server: TestNats, database: Callable[[str], str]
) -> None:
    order = an_order()
    answers: dict[type[Question[Any]], View] = {
        OrderOfLink: LinkedOrder(order_id=order.id, status="done"),
        GetWorkOrder: order,
    }
    async with (
        running_station(nats_server, database, "documents") as station,
        standing_in(nats_server, answers),
    ):
        for form in get_args(ClientForm):
            paper = await station.ask(PrintByLink(token=TOKEN, form=form), actor=CLIENT)
            assert paper.media_type == "application/pdf"
            assert NUMBER in text_of(paper)
            assert MATERIAL not in text_of(paper)
        with pytest.raises(Refused, match="forbidden"):
            await station.ask(PrintByLink(token=TOKEN, form="invoice"), actor=ADVISOR)


@pytest.mark.parametrize("status", ["new", "in_progress", "cancelled"])
async def test_there_is_no_paper_before_the_order_is_done(
    nats_server: TestNats, database: Callable[[str], str], status: OrderStatus
) -> None:
    order = an_order()
    answers: dict[type[Question[Any]], View] = {
        OrderOfLink: LinkedOrder(order_id=order.id, status=status),
        GetWorkOrder: order,
    }
    async with (
        running_station(nats_server, database, "documents") as station,
        standing_in(nats_server, answers),
    ):
        with pytest.raises(Refused, match="form_not_found"):
            await station.ask(PrintByLink(token=TOKEN, form="invoice"), actor=CLIENT)
