"""Messages that people write, call off and send once more; who may, and what is told of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.documents.domain.message_rules import QuietHours, SendingRules
from services.documents.providers.base import Fate, Permanent
from shared.contracts.clients import ChangeClient, SaidConsents
from shared.contracts.messages import (
    CancelMessage,
    ChangeMessageTemplate,
    CreateMessageTemplate,
    ListMessages,
    MessageText,
    ResendMessage,
    SendMessage,
)
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from shared.roles import ADVISOR, CASHIER, OWNER, STOREKEEPER, TECHNICIAN
from tests.documents.messages_at_work import ZONE, AtWork
from tests.support.broker import TestNats
from tests.support.day import running_station
from tests.support.silence import NO_WAITING_S, silent
from tests.support.waiting import PATIENCE_S, eventually

EVENING = datetime(2030, 3, 2, 19, 0, tzinfo=UTC)
"""22:00 in Moscow."""
MORNING = datetime(2030, 3, 3, 6, 0, tzinfo=UTC)
NIGHT = SendingRules(ZONE, QuietHours(time(21), time(9)))


def actor(role: str) -> Actor:
    return Actor(role, role, new_id())


# --- writing -----------------------------------------------------------------------------------


async def test_what_is_wrong_with_a_template_is_told_in_the_language_of_who_reads(
    at_work: AtWork,
) -> None:
    """Whatever language the client is written to in."""
    text = MessageText(text="{% calc share = 100 / TotalMoney %}{{ share }}")
    template = await at_work.a_template(ru=text, en=text)
    order = at_work.an_order_of(await at_work.a_client(), total=Decimal(0))
    by_hand = SendMessage(order_id=order.id, template_id=template.id)
    with pytest.raises(Refused, match="message_template_failed") as refused:
        await at_work.station.send(by_hand)
    assert refused.value.words("en").endswith("for this order: Division by zero")
    assert refused.value.words("ru").endswith("заказ-наряду: Деление на ноль")

    await at_work.completed(order)
    await at_work.rounds()
    (message,) = await at_work.messages()
    assert (message.reason, message.detail) == ("template_failed", "Division by zero")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": None}, "message_text_missing"),
        ({"template_id": new_id()}, "message_text_twice"),
        ({"text": None, "template_id": new_id()}, "order_required"),
        ({"client_id": None}, "client_required"),
        ({"channel": None}, "field_required"),
        ({"channel": "email"}, "subject_missing"),
        ({"email_subject": "Тема"}, "subject_of_sms"),
        ({"urgent": True, "kind": "marketing"}, "urgent_marketing"),
        ({"kind": "marketing"}, "message_no_marketing_consent"),
        ({"text": "я" * 600}, "message_text_too_long"),
        ({"client_id": new_id()}, "client_not_found"),
        ({"order_id": new_id()}, "order_not_found"),
    ],
)
async def test_what_cannot_be_sent_is_refused_at_once(
    at_work: AtWork, fields: dict[str, Any], code: str
) -> None:
    client = await at_work.a_client()
    named = {"client_id": client.id, "channel": "sms", "text": "Ждём вас", **fields}
    said = {name: value for name, value in named.items() if value is not None}
    with pytest.raises(Refused) as refused:
        await at_work.station.send(SendMessage(**said))
    assert refused.value.code == code
    assert "?" not in refused.value.words("ru") + refused.value.words("en")
    assert await at_work.messages() == []


async def test_nobody_else_waits_while_the_client_of_a_message_is_asked_for(
    at_work: AtWork,
) -> None:
    client = await at_work.a_client()
    station = at_work.station
    await station.stop("clients")
    async with silent(station, "clients", client) as clients:
        writing = asyncio.create_task(at_work.a_message(client_id=client.id))
        async with asyncio.timeout(PATIENCE_S):
            await clients.heard.wait()
        async with asyncio.timeout(NO_WAITING_S):
            await at_work.a_template()
        clients.may_answer.set()
        await writing
    assert len(await at_work.messages()) == 1


async def test_client_who_has_not_agreed_is_not_written_to_by_hand_either(at_work: AtWork) -> None:
    client = await at_work.a_client("email")
    with pytest.raises(Refused, match="message_no_consent"):
        await at_work.a_message(client_id=client.id)
    with pytest.raises(Refused, match="message_no_address"):
        await at_work.a_message(client_id=(await at_work.a_client("sms", phones=())).id)


async def test_template_by_hand_is_filled_in_whatever_its_condition(at_work: AtWork) -> None:
    template = await at_work.a_template(
        fact="by_hand", condition="TotalMoney > 1000000", active=False
    )
    order = at_work.an_order_of(await at_work.a_client())
    message = await at_work.station.send(SendMessage(order_id=order.id, template_id=template.id))
    assert (message.state, message.text) == ("queued", f"{order.number} готов")


async def test_order_of_another_client_is_refused(at_work: AtWork) -> None:
    order = at_work.an_order_of(await at_work.a_client())
    with pytest.raises(Refused, match="order_of_other_client"):
        await at_work.a_message(order_id=order.id)


async def test_message_of_a_later_day_waits_for_it(at_work: AtWork) -> None:
    day = datetime.now(UTC) + timedelta(days=90)
    message = await at_work.a_message(send_at=day)
    assert (message.state, message.waits_for) == ("scheduled", "due")
    at_work.later(days=89)
    await at_work.rounds()
    assert at_work.carrier.calls == 0
    at_work.later(days=2)
    await at_work.rounds()
    assert len(at_work.carrier.taken) == 1


async def test_request_that_is_repeated_with_its_key_is_one_message(at_work: AtWork) -> None:
    client = await at_work.a_client()
    command = SendMessage(client_id=client.id, channel="sms", text="Ждём вас")
    first = await at_work.station.send(command, key="one")
    again = await at_work.station.send(command, key="one")
    assert first == again
    assert len(await at_work.messages()) == 1


# --- when --------------------------------------------------------------------------------------


async def test_message_of_the_night_waits_for_the_morning_and_an_urgent_one_does_not(
    at_work: AtWork,
) -> None:
    client = await at_work.a_client()
    waits = await at_work.a_message(client_id=client.id)
    urgent = await at_work.a_message(client_id=client.id, urgent=True)
    at_work.now = EVENING
    await at_work.rounds(rules=NIGHT)
    night = await at_work.message(waits.id)
    assert (night.state, night.waits_for, night.next_at) == ("queued", "quiet_hours", MORNING)
    assert (await at_work.message(urgent.id)).state == "sent"

    at_work.now = MORNING
    await at_work.rounds(rules=NIGHT)
    assert (await at_work.message(waits.id)).state == "sent"


async def test_consent_that_is_taken_back_over_night_is_the_end_of_it(at_work: AtWork) -> None:
    client = await at_work.a_client()
    message = await at_work.a_message(client_id=client.id)
    at_work.now = EVENING
    await at_work.rounds(rules=NIGHT)
    await at_work.station.send(ChangeClient(client_id=client.id, consents=SaidConsents(sms=False)))
    await at_work.station.settle_down()
    at_work.now = MORNING
    await at_work.rounds(rules=NIGHT)
    skipped = await at_work.message(message.id)
    assert (skipped.state, skipped.reason) == ("skipped", "no_consent")
    assert at_work.carrier.calls == 0


async def test_caps_let_so_many_out_a_day_and_the_rest_on_the_next(at_work: AtWork) -> None:
    client = await at_work.a_client()
    for number in range(5):
        await at_work.a_message(client_id=client.id, text=f"№ {number}")
    at_work.now = datetime(2030, 3, 2, 9, 0, tzinfo=UTC)
    capped = SendingRules(ZONE, client_cap=2)
    await at_work.rounds(rules=capped)
    assert len(at_work.carrier.taken) == 2
    waiting = await at_work.messages(state="queued")
    assert {message.waits_for for message in waiting} == {"client_cap"}
    for expected in (4, 5):
        at_work.later(days=1)
        await at_work.rounds(rules=capped)
        assert len(at_work.carrier.taken) == expected


async def test_cap_of_the_station_counts_all_clients(at_work: AtWork) -> None:
    for _ in range(3):
        await at_work.a_message()
    at_work.now = datetime(2030, 3, 2, 9, 0, tzinfo=UTC)
    await at_work.rounds(rules=SendingRules(ZONE, station_cap=2))
    assert len(at_work.carrier.taken) == 2


# --- calling off, and once more ----------------------------------------------------------------


async def test_message_is_called_off_while_it_waits_and_not_later(at_work: AtWork) -> None:
    message = await at_work.a_message()
    cancelled = await at_work.station.send(CancelMessage(message_id=message.id))
    assert (cancelled.state, cancelled.reason) == ("cancelled", "by_hand")
    await at_work.rounds()
    assert at_work.carrier.calls == 0

    sent = await at_work.a_message()
    await at_work.rounds()
    with pytest.raises(Refused, match="message_gone"):
        await at_work.station.send(CancelMessage(message_id=sent.id))


async def test_failed_message_is_sent_once_more_as_a_new_one(at_work: AtWork) -> None:
    at_work.carrier.before = Permanent("202")
    failed = await at_work.a_message()
    with pytest.raises(Refused, match="message_under_way"):
        await at_work.station.send(ResendMessage(message_id=failed.id))
    await at_work.rounds()
    at_work.carrier.before = None

    again = await at_work.station.send(ResendMessage(message_id=failed.id))
    assert (again.resend_of, again.text) == (failed.id, failed.text)
    with pytest.raises(Refused, match="message_resent"):
        await at_work.station.send(ResendMessage(message_id=failed.id))
    await at_work.rounds()
    assert (await at_work.message(failed.id)).state == "failed"
    assert [letter.id for letter in at_work.carrier.taken] == [again.id]


async def test_what_could_not_be_delivered_has_failed(at_work: AtWork) -> None:
    at_work.carrier.fates = [Fate("failed", "104 expired")]
    message = await at_work.a_message()
    await at_work.rounds()
    at_work.later(minutes=1)
    await at_work.rounds()
    failed = await at_work.message(message.id)
    assert (failed.state, failed.reason, failed.detail) == (
        "failed",
        "not_delivered",
        "104 expired",
    )


# --- lists, rights and the audit ---------------------------------------------------------------


async def test_messages_are_found_by_order_client_and_state_page_by_page(at_work: AtWork) -> None:
    client = await at_work.a_client()
    order = at_work.an_order_of(client)
    made = [
        (await at_work.a_message(client_id=client.id, order_id=order.id, text=f"№ {number}")).id
        for number in range(3)
    ]
    await at_work.a_message()
    assert [found.id for found in await at_work.messages(order_id=order.id)] == made[::-1]
    assert len(await at_work.messages(client_id=client.id, state="queued")) == 3
    assert await at_work.messages(state="failed") == []
    first = await at_work.station.ask(ListMessages(order_id=order.id, limit=2))
    rest = await at_work.station.ask(ListMessages(order_id=order.id, limit=2, cursor=first.next))
    assert [found.id for found in (*first.items, *rest.items)] == made[::-1]


@pytest.mark.parametrize("role", [TECHNICIAN, STOREKEEPER, CASHIER])
async def test_only_reception_writes_to_clients_or_reads_what_was_written(
    at_work: AtWork, role: str
) -> None:
    message = await at_work.a_message()
    forbidden: list[Any] = [
        SendMessage(client_id=message.client_id, channel="sms", text="x"),
        CancelMessage(message_id=message.id),
        ResendMessage(message_id=message.id),
    ]
    for command in forbidden:
        with pytest.raises(Refused, match="forbidden"):
            await at_work.station.send(command, actor=actor(role))
    with pytest.raises(Refused, match="forbidden"):
        await at_work.station.ask(ListMessages(), actor=actor(role))


async def test_advisor_sends_and_only_the_office_edits_templates(at_work: AtWork) -> None:
    client = await at_work.a_client()
    await at_work.station.send(
        SendMessage(client_id=client.id, channel="sms", text="x"), actor=actor(ADVISOR)
    )
    template = await at_work.a_template()
    edits: list[Any] = [
        CreateMessageTemplate(name="x", fact="by_hand", channel="sms", ru=MessageText(text="x")),
        ChangeMessageTemplate(template_id=template.id, active=False),
    ]
    for command in edits:
        with pytest.raises(Refused, match="forbidden"):
            await at_work.station.send(command, actor=actor(ADVISOR))
        await at_work.station.send(command, actor=actor(OWNER))


async def test_every_step_is_in_the_audit_and_in_the_orders_timeline(
    nats_server: TestNats,
    database: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The whole service, with its own sender and the file that it writes to."""
    monkeypatch.setenv("PITLANE_MESSAGES_FILE", str(tmp_path / "messages.jsonl"))
    monkeypatch.setenv("PITLANE_MESSAGES_QUIET_HOURS", "")
    async with running_station(nats_server, database, "clients", "documents", "audit") as station:
        client = await station.a_client(consents=SaidConsents(sms=True))
        message = await station.send(
            SendMessage(client_id=client.id, channel="sms", text="Ждём вас")
        )

        async def is_sent() -> bool:
            return bool((tmp_path / "messages.jsonl").exists())

        await eventually(is_sent)
        await station.settle_down()
        (line,) = map(json.loads, (tmp_path / "messages.jsonl").read_text().splitlines())
        assert (line["id"], line["text"]) == (str(message.id), "Ждём вас")

        async def is_told() -> bool:
            told = {record.event for record in await station.records()}
            return {
                "evt.documents.message_queued.v1",
                "evt.documents.message_sent.v1",
            } <= told

        await eventually(is_told)
