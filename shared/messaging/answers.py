"""Whatever is asked on a connection, and answered to its own inbox.

``Client.request`` does the same, and costs three times as much: it draws a name from the kernel,
and makes a timeout for each question.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import Header

from shared.ids import new_id

type Asked = tuple[str, bytes, dict[str, str]]
"""Subject, body and headers."""

_NOBODY_LISTENS = "503"
"""The broker's own word for it."""


class Answers:
    """Awaits them on one subscription."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection
        self._inbox = ""
        self._awaited: dict[str, asyncio.Future[Msg]] = {}

    async def to(self, asked: Asked, timeout_s: float) -> Msg:
        """Raises ``TimeoutError``, and ``NoRespondersError`` where nobody listens."""
        answer = await self._ask(asked)
        patience = asyncio.get_running_loop().call_later(timeout_s, _too_late, answer)
        try:
            return await answer
        finally:
            patience.cancel()

    async def to_all(self, asked: Iterable[Asked], timeout_s: float) -> list[Msg | Exception]:
        """Of each its answer, or what ``to`` would raise. They leave together, and share one
        timeout."""
        answers = [await self._ask(each) for each in asked]
        patience = asyncio.get_running_loop().call_later(timeout_s, _all_too_late, answers)
        try:
            return await asyncio.gather(*answers, return_exceptions=True)  # type: ignore[return-value]
        finally:
            patience.cancel()

    async def _ask(self, asked: Asked) -> asyncio.Future[Msg]:
        """What goes wrong in sending, the future raises."""
        subject, body, headers = asked
        # Nobody can guess it, so nobody else can answer.
        name = new_id().hex
        answer: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()
        self._awaited[name] = answer
        answer.add_done_callback(partial(self._awaited.pop, name))
        try:
            if not self._inbox:
                self._inbox = f"{self._connection.new_inbox()}."
                await self._connection.subscribe(f"{self._inbox}*", cb=self._hear)
            await self._connection.publish(subject, body, self._inbox + name, headers)
        except (nats.errors.Error, OSError) as error:
            answer.set_exception(error)
        return answer

    async def _hear(self, reply: Msg) -> None:
        answer = self._awaited.get(reply.subject.removeprefix(self._inbox))
        if answer is None or answer.done():
            return
        if reply.headers and reply.headers.get(Header.STATUS) == _NOBODY_LISTENS:
            answer.set_exception(nats.errors.NoRespondersError())
        else:
            answer.set_result(reply)


def _too_late(answer: asyncio.Future[Msg]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())


def _all_too_late(answers: Iterable[asyncio.Future[Msg]]) -> None:
    for answer in answers:
        _too_late(answer)
