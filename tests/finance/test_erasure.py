"""A person is forgotten: the till goes on while old messages are gone through, which no failure
leaves half done."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import chain
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from services.finance.handlers import erasure
from shared.contracts.client_data import ClientErased
from shared.contracts.finance import PaymentTaken, TakePayment
from shared.database import dead_letters, replies
from shared.erasure import redact
from shared.ids import new_id
from shared.messaging import afterwards
from shared.messaging.jobs import Job
from tests.finance.at_work import in_turn, job, published
from tests.finance.builders import client_created, money
from tests.support.day import Station
from tests.support.waiting import PATIENCE_S


class Redaction:
    """Of the service's messages: begins, and goes on when a test lets it; may fail at first."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.began = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.times = 0

    async def __call__(self, *told: Any) -> None:
        self.times += 1
        self.began.set()
        await self.may_go_on.wait()
        await redact(*told)
        if self.times <= self.failures:
            raise ValueError("at the last line")


async def notes_told(station: Station) -> tuple[list[str | None], int]:
    """Of payments, by events; and how many kept answers have one."""
    finance = station.running["finance"]
    told = [event.payment.comment for event in await published(finance, PaymentTaken)]
    async with finance.engine.connect() as connection:
        answers = (await connection.execute(select(replies))).all()
    return told, sum("Секрет".encode() in row.reply for row in answers)


def erased(client: UUID) -> Job:
    return job(
        ClientErased(
            client_id=client, name="Клиент", reason="Просит", aliases=(client,), cards=(),
            vehicles=(),
        )
    )  # fmt: skip


async def test_those_who_are_forgotten_at_once_are_looked_for_at_once(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one with whom that fails keeps nobody else from it."""
    looked: list[list[UUID]] = []
    clients = [new_id() for _ in range(4)]
    began, may_go_on = asyncio.Event(), asyncio.Event()

    async def look(connection: Any, called: Mapping[UUID, str]) -> None:
        looked.append(list(called))
        began.set()
        await may_go_on.wait()
        if clients[3] in called:
            raise ValueError("for one of them")

    monkeypatch.setattr(erasure, "redact", look)
    finance = station.running["finance"]
    first, *others = map(erased, clients)

    coming = [asyncio.create_task(finance.lane.submit(first))]
    async with asyncio.timeout(PATIENCE_S):
        await began.wait()
    coming += [asyncio.create_task(finance.lane.submit(each)) for each in others]
    for each in others:
        await each.ended
    may_go_on.set()
    ends = await asyncio.gather(*coming, return_exceptions=True)

    assert [type(end) for end in ends] == [bytes, bytes, bytes, ValueError]
    assert [sorted(some) for some in looked[:2]] == [clients[:1], sorted(clients[1:])]
    assert sorted(chain.from_iterable(looked[2:])) == sorted(clients[1:])
    bad = others[-1]
    with pytest.raises(ValueError, match="for one of them"):  # as it comes again
        await finance.lane.submit(Job(bad.route, bad.message, bad.envelope, bad.body))


async def test_while_the_database_is_away_nobody_waits_for_it_alone(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    began, may_go_on = asyncio.Event(), asyncio.Event()

    async def look(_: Any, called: Mapping[UUID, str]) -> None:
        looked.append(len(called))
        began.set()
        await may_go_on.wait()
        if len(looked) > 1:
            raise ConnectionResetError

    async def away(_: Any) -> Exception:
        return ConnectionRefusedError()

    monkeypatch.setattr(erasure, "redact", look)
    monkeypatch.setattr(afterwards, "away", away)
    finance = station.running["finance"]
    first, *others = (erased(new_id()) for _ in range(4))
    coming = [asyncio.create_task(finance.lane.submit(first))]
    async with asyncio.timeout(PATIENCE_S):
        await began.wait()
    coming += [asyncio.create_task(finance.lane.submit(each)) for each in others]
    for each in others:
        await each.ended
    may_go_on.set()
    ends = await asyncio.gather(*coming, return_exceptions=True)

    assert looked == [1, 3]
    assert [type(end) for end in ends] == [bytes, *[ConnectionResetError] * 3]


@pytest.mark.parametrize("failures", [0, 2])
async def test_the_till_goes_on_while_a_person_is_forgotten(
    station: Station, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    redaction = Redaction(failures)
    monkeypatch.setattr(erasure, "redact", redaction)
    finance, client = station.running["finance"], new_id()
    await in_turn(finance, client_created(client))
    payment = TakePayment(customer_id=client, amount=money("5"), method="card", comment="Секрет")
    await station.send(payment)
    gone = ClientErased(
        client_id=client, name="Клиент", reason="Просит", aliases=(client,), cards=(), vehicles=()
    )

    event_id = await station.publish(gone, "clients")
    async with asyncio.timeout(PATIENCE_S):
        await redaction.began.wait()
    await station.send(TakePayment(customer_id=client, amount=money("7"), method="card"))
    assert await notes_told(station) == (["Секрет", None], 1)
    redaction.may_go_on.set()
    await station.settle_down()

    assert await notes_told(station) == ([None, None], 0)
    # Told once more, it is known, and so is that all of it was done.
    await station.publish(gone, "clients", event_id=event_id)
    await station.settle_down()
    assert redaction.times == failures + 1
    async with finance.engine.connect() as connection:
        letters = await connection.scalar(select(func.count()).select_from(dead_letters))
    assert letters == 0
