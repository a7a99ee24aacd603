"""A service that hears what it is asked and keeps silent, as one that is frozen does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import nats
from nats.aio.msg import Msg

from shared.contracts.base import View
from shared.messaging.client import STATUS_HEADER, refusal_body
from shared.messaging.subscriptions import subscribed
from shared.refusals import Refused
from tests.support.day import Station
from tests.support.waiting import PATIENCE_S

NO_WAITING_S = PATIENCE_S / 4
"""What others' commands may take at most meanwhile: half of what a test's services wait for an
answer, and much, since a slow machine is no fault."""


@dataclass
class Silent:
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    times: int = 0
    """How often it was asked."""


@asynccontextmanager
async def silent(
    station: Station, service: str, reply: View | None = None
) -> AsyncIterator[Silent]:
    """Answers whatever it was asked, with ``reply`` or a no, as soon as it may."""
    it = Silent()
    connection = await nats.connect(
        station.nats.url(service), inbox_prefix=f"_INBOX_{service}".encode()
    )

    async def answer(message: Msg) -> None:
        it.times += 1
        it.heard.set()
        await it.may_answer.wait()
        if reply is None:
            status, body = "refused", refusal_body(Refused("not_found"))
        else:
            status, body = "ok", reply.model_dump_json().encode()
        await connection.publish(message.reply, body, headers={STATUS_HEADER: status})

    await connection.subscribe(f"ask.{service}.>", queue=service, cb=answer)
    await subscribed(connection)
    try:
        yield it
    finally:
        await connection.close()
