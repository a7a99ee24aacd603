from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from uuid import UUID

import nats
import pytest
from nats.aio.msg import Msg

from services.documents.handlers.forms import renderers
from shared.contracts.forms import (
    FormDocument,
    GetFormTemplate,
    PreviewForm,
    PrintForm,
    SaveFormTemplate,
)
from shared.contracts.work_order import GetWorkOrder, WorkOrder
from shared.messaging.client import STATUS_HEADER, refusal_body
from shared.messaging.subscriptions import subscribed
from shared.refusals import Refused
from tests.support.broker import TestNats
from tests.support.day import Station, running_station
from tests.support.waiting import PATIENCE_S


@dataclass
class AtWork:
    """Documents at work, and orders that somebody answers for in the place of their service."""

    station: Station
    orders: dict[UUID, WorkOrder]

    def has(self, order: WorkOrder) -> WorkOrder:
        self.orders[order.id] = order
        return order

    async def printed(self, order: WorkOrder, form: str, **fields: object) -> FormDocument:
        self.has(order)
        question = PrintForm.model_validate({"order_id": order.id, "form": form, **fields})
        return await self.station.ask(question)

    async def previewed(self, template: str, **fields: object) -> FormDocument:
        draft = {"form": "invoice", "template": template, "format": "pdf", **fields}
        return await self.station.ask(PreviewForm.model_validate(draft))

    async def saved(self, template: str, **fields: object) -> int:
        """The revision that came of it."""
        command = SaveFormTemplate.model_validate(
            {"form": "invoice", "template": template, **fields}
        )
        return (await self.station.send(command)).revision

    async def template(self, **fields: object) -> str:
        question = GetFormTemplate.model_validate({"form": "invoice", **fields})
        return (await self.station.ask(question)).template


@pytest.fixture
async def at_work(
    nats_server: TestNats, database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AtWork]:
    # What is heavy is known by its CPU; a machine that is busy with other tests takes its time.
    monkeypatch.setattr(renderers, "wall_s", int(PATIENCE_S / 3))
    async with running_station(nats_server, database, "documents") as station:
        orders: dict[UUID, WorkOrder] = {}
        connection = await nats.connect(nats_server.url("orders"), inbox_prefix=b"_INBOX_orders")

        async def answer(message: Msg) -> None:
            order = orders.get(GetWorkOrder.model_validate_json(message.data).order_id)
            if order is None:
                body, status = refusal_body(Refused("order_not_found", id="?")), "refused"
            else:
                body, status = order.model_dump_json().encode(), "ok"
            await connection.publish(message.reply, body, headers={STATUS_HEADER: status})

        await connection.subscribe("ask.orders.>", queue="orders", cb=answer)
        await subscribed(connection)
        yield AtWork(station, orders)
        await connection.close()
