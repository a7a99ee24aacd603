"""What is written to a client whose card is merged or erased at that very moment."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.documents.handlers import composing, handlers, messages, sending
from services.documents.handlers.erasure import client_erased
from services.documents.store import DocumentsStore
from shared.contracts.client_data import ClientErased
from shared.contracts.client_merge import MergeClients
from shared.contracts.messages import ResendMessage
from shared.messaging.errand import errand, errand_envelope
from tests.documents.messages_at_work import AtWork


async def test_text_that_was_being_made_is_made_anew(
    at_work: AtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged, remains = await at_work.a_client(), await at_work.a_client(phones=("+79160000001",))
    late = at_work.now.replace(microsecond=0)
    message = await at_work.a_message(client_id=merged.id, send_at=late)
    assert message.state == "scheduled"
    merger = MergeClients(client_id=remains.id, other_id=merged.id)

    async def merged_meanwhile(*said: Any) -> Any:
        made = await composing.composed(*said)
        monkeypatch.setattr(sending, "composed", composing.composed)
        await at_work.station.send(merger)
        await at_work.station.settle_down()
        return made

    monkeypatch.setattr(sending, "composed", merged_meanwhile)
    at_work.later(minutes=1)
    await at_work.rounds()
    sent = await at_work.message(message.id)
    assert (sent.state, sent.client_id, sent.recipient) == ("sent", remains.id, "+79160000001")


async def test_nothing_that_was_being_written_goes_out_to_whoever_is_forgotten(
    at_work: AtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another process of documents, which hears of it while this one writes."""
    client, documents = await at_work.a_client(), at_work.station.running["documents"]
    erased = client.model_copy(
        update={"phones": (), "email": None, "revision": 2, "erased_at": at_work.now}
    )
    event = ClientErased(
        client_id=client.id,
        name="Клиент",
        reason="просит",
        aliases=(client.id,),
        cards=(erased,),
        vehicles=(),
    )
    erasures: list[asyncio.Task[None]] = []

    async def forgotten() -> None:
        envelope = errand_envelope(documents, "erasure", at_work.now)
        async with errand(documents, handlers, envelope, at_work.now) as (store, work):
            await client_erased(event, store, work)

    async def forgotten_meanwhile(*said: Any) -> Any:
        made = await composing.composed(*said)
        erasures.append(asyncio.create_task(forgotten()))
        await asyncio.sleep(0.3)  # it waits for one of our locks, or has been quicker
        return made

    monkeypatch.setattr(messages, "composed", forgotten_meanwhile)
    message = await at_work.a_message(client_id=client.id, text="Ждём Вас, Ольга")
    await asyncio.gather(*erasures)
    await at_work.rounds()
    assert at_work.carrier.taken == []
    assert (await at_work.message(message.id)).text == "Клиент"


async def test_what_is_sent_once_more_is_led_on_with_the_first(
    at_work: AtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another process of documents, which hears of the merger while this one writes."""
    merged, remains = await at_work.a_client(), await at_work.a_client()
    first = await at_work.a_message(client_id=merged.id)
    await at_work.rounds()
    mergers: list[asyncio.Task[None]] = []

    async def led_on() -> None:
        async with at_work.station.running["documents"].engine.begin() as connection:
            await DocumentsStore(connection).messages.lead_on(merged.id, remains.id)

    async def merged_meanwhile(*said: Any) -> Any:
        mergers.append(asyncio.create_task(led_on()))
        await asyncio.sleep(0.3)  # it waits for one of our locks, or has been quicker
        return await composing.composed(*said)

    monkeypatch.setattr(messages, "composed", merged_meanwhile)
    again = await at_work.station.send(ResendMessage(message_id=first.id))
    await asyncio.gather(*mergers)
    assert (await at_work.message(first.id)).client_id == remains.id
    assert (await at_work.message(again.id)).client_id == remains.id
