"""Orders, payments and messages of a client in one line of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.client_history import GetClientHistory
from shared.contracts.client_merge import MergeClients
from shared.contracts.clients import SaidConsents
from shared.contracts.finance import TakePayment
from shared.contracts.messages import SendMessage
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.support.day import Station


async def read(station: Station, client_id: UUID, limit: int) -> list[tuple[str, Any]]:
    """The whole line, page by page."""
    told: list[tuple[str, Any]] = []
    cursor = None
    while True:
        page = await station.ask(GetClientHistory(client_id=client_id, limit=limit, cursor=cursor))
        assert len(page.items) == limit or page.next is None
        told += [(item.kind, getattr(item, item.kind).id) for item in page.items]
        cursor = page.next
        if cursor is None:
            return told


async def test_everything_is_told_once_newest_first_on_pages_of_any_size(station: Station) -> None:
    client = await station.a_client(consents=SaidConsents(sms=True))
    twin = await station.a_client(phones=("+79261234567",), consents=SaidConsents(sms=True))
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    async def pays() -> tuple[str, UUID]:
        paid = await station.send(
            TakePayment(customer_id=client.id, amount=Decimal(100), method="cash")
        )
        return "payment", paid.id

    async def is_written_to(client_id: UUID) -> tuple[str, UUID]:
        command = SendMessage(client_id=client_id, channel="sms", text="Ждём", send_at=tomorrow)
        return "message", (await station.send(command)).id

    done = [
        ("order", (await station.an_order(client_id=twin.id)).id),
        await is_written_to(twin.id),
        ("order", (await station.an_order(client_id=client.id)).id),
        await pays(),
        await pays(),
        await is_written_to(client.id),
        await pays(),
        ("order", (await station.an_order(client_id=client.id)).id),
    ]
    await station.settle_down()
    await station.send(MergeClients(client_id=client.id, other_id=twin.id))
    await station.settle_down()
    for limit in (1, 2, 3, 8, 50):
        assert await read(station, twin.id, limit) == done[::-1], limit

    page = await station.ask(GetClientHistory(client_id=client.id, limit=2))
    await pays()
    assert page.next
    rest = await station.ask(GetClientHistory(client_id=client.id, cursor=page.next))
    assert [getattr(item, item.kind).id for item in rest.items] == [
        thing_id for _, thing_id in done[-3::-1]
    ]

    # What does not answer is named, and the others are shown all the same.
    await station.stop("documents")
    page = await station.ask(GetClientHistory(client_id=client.id, limit=1))
    last = await station.ask(GetClientHistory(client_id=client.id, cursor=page.next))
    assert page.missing == last.missing == ("documents",)
    assert "message" not in {item.kind for item in (*page.items, *last.items)}
    assert len(page.items) + len(last.items) == 7
    await station.start("documents")

    with pytest.raises(Refused, match="client_not_found"):
        await station.ask(GetClientHistory(client_id=new_id()))
    with pytest.raises(Refused, match="forbidden"):
        await station.ask(
            GetClientHistory(client_id=client.id), actor=Actor("misha", "technician", new_id())
        )
