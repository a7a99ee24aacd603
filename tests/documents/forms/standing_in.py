"""Other services' answers, as they would be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.contracts.base import Question, View
from shared.messaging.client import STATUS_HEADER
from shared.messaging.subscriptions import subscribed
from tests.support.broker import TestNats


@asynccontextmanager
async def standing_in(
    server: TestNats, answers: Mapping[type[Question[Any]], View]
) -> AsyncIterator[None]:
    """Each question's own service gives the same answer to all who ask."""
    async with AsyncExitStack() as stack:
        for question, answer in answers.items():
            service = question.subject.split(".")[1]
            connection = await nats.connect(
                server.url(service), inbox_prefix=f"_INBOX_{service}".encode()
            )
            stack.push_async_callback(connection.close)
            await _answering(connection, question.subject, service, answer)
        yield


async def _answering(connection: Client, subject: str, service: str, answer: View) -> None:
    async def reply(message: Msg) -> None:
        body = answer.model_dump_json().encode()
        await connection.publish(message.reply, body, headers={STATUS_HEADER: "ok"})

    await connection.subscribe(subject, queue=service, cb=reply)
    await subscribed(connection)
