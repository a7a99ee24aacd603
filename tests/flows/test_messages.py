"""A client is written to as the day goes: by real services, into the file of local use."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from shared.contracts.approvals import AnswerWork, QuoteWorks
from shared.contracts.audit import OrderTimeline
from shared.contracts.clients import SaidConsents
from shared.contracts.finance import TakePayment
from shared.contracts.messages import (
    ChangeMessageTemplate,
    Delay,
    ListMessages,
    ListMessageTemplates,
    MessageText,
    MessageView,
)
from shared.contracts.orders import AddService
from tests.support.broker import TestNats
from tests.support.day import Station, running_station
from tests.support.waiting import eventually


@pytest.fixture
async def station(
    nats_server: TestNats,
    database: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Station]:
    monkeypatch.setenv("PITLANE_MESSAGES_FILE", str(tmp_path / "messages.jsonl"))
    monkeypatch.setenv("PITLANE_MESSAGES_QUIET_HOURS", "")
    async with running_station(nats_server, database) as station:
        yield station


async def switch_on(station: Station, **texts: str) -> None:
    for template in (await station.ask(ListMessageTemplates(limit=200))).items:
        if template.channel == "sms" and template.fact in texts:
            await station.send(
                ChangeMessageTemplate(
                    template_id=template.id,
                    active=True,
                    kind="service",
                    delay=Delay(minutes=1) if template.fact == "work_declined" else Delay(),
                    ru=MessageText(text=texts[template.fact]),
                )
            )


async def messages_when(station: Station, order_id: UUID, **states: str) -> dict[str, MessageView]:
    """The order's messages by their facts, as soon as they have come so far."""

    async def are_so() -> dict[str, MessageView] | None:
        page = await station.ask(ListMessages(order_id=order_id, limit=200))
        found = {str(message.fact): message for message in page.items}
        so_far = {fact: str(message.state) for fact, message in found.items()}
        return found if states.items() <= so_far.items() else None

    found = await eventually(are_so)
    assert found
    return found


async def test_client_hears_of_the_order_its_parts_and_the_car(
    station: Station, tmp_path: Path
) -> None:
    await switch_on(
        station,
        order_opened="{{ Number }} открыт",
        parts_arrived="Запчасти пришли: {{ Number }}",
        order_ready="Готов, {{ TotalMoney }}, к оплате {{ Due }}",
        estimate_ready="Смета: {{ Number }}",
    )
    client = await station.a_client(consents=SaidConsents(sms=True))
    car = await station.a_vehicle(client.id)
    warehouse, product = await station.a_warehouse(), await station.a_product("100")
    order = await station.an_order(client_id=client.id, vehicle_id=car.id)
    await messages_when(station, order.id, order_opened="sent")

    await station.send(AddService(order_id=order.id, name="Диагностика", initial_price="900"))
    await station.send(QuoteWorks(order_id=order.id))
    await messages_when(station, order.id, estimate_ready="sent")
    line = (await station.order(order.id)).services[0]
    await station.send(AnswerWork(order_id=order.id, line_id=line.id, to="approved", how="phone"))

    await station.request(order.id, product.id, "2")
    await station.order_when(order.id, lambda shown: shown.products[0].state == "short")
    await station.receive(warehouse.id, product.id, "10")
    await messages_when(station, order.id, parts_arrived="sent")

    await station.order_when(order.id, lambda shown: shown.products[0].state == "reserved")
    # Money that names no order is a part of what the order is paid with when it is done.
    await station.send(TakePayment(customer_id=client.id, amount=Decimal(500), method="card"))
    await station.move(order.id, "in_progress")
    await station.move(order.id, "done")
    await messages_when(station, order.id, order_ready="sent")

    lines = map(json.loads, (tmp_path / "messages.jsonl").read_text().splitlines())
    assert [line["text"] for line in lines] == [
        f"{order.number} открыт",
        f"Смета: {order.number}",
        f"Запчасти пришли: {order.number}",
        "Готов, 1100,00, к оплате 600,00",
    ]
    await station.settle_down()
    timeline = await station.ask(OrderTimeline(order_id=order.id, limit=200))
    told = [record.event for record in timeline.items]
    assert told.count("evt.documents.message_sent.v1") == 4
    assert told.count("evt.documents.message_queued.v1") == 4


async def test_client_who_does_not_want_it_is_left_alone_and_that_is_seen(
    station: Station, tmp_path: Path
) -> None:
    await switch_on(station, order_opened="{{ Number }} открыт")
    order = await station.an_order()
    found = await messages_when(station, order.id, order_opened="skipped")
    assert found["order_opened"].reason == "no_consent"
    assert not (tmp_path / "messages.jsonl").exists()
