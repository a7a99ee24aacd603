"""New totals, heard as they pass: nobody has to ask for them again and again."""

from __future__ import annotations

import asyncio
from typing import Self
from uuid import UUID

from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.contracts.orders import OrderRepriced
from shared.messaging.subscriptions import subscribed


class Repriced:
    """Which event told the new total of an order."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[UUID]] = {}

    @classmethod
    async def on(cls, broker: Client) -> Self:
        heard = cls()
        await broker.subscribe(OrderRepriced.subject, cb=heard._hear)
        await subscribed(broker)
        return heard

    def next_of(self, order_id: str) -> asyncio.Future[UUID]:
        """The id of the next such event; to be asked for before the event is caused."""
        waiting = self._waiting[order_id] = asyncio.get_running_loop().create_future()
        return waiting

    async def _hear(self, message: Msg) -> None:
        headers = message.headers or {}
        waiting = self._waiting.pop(headers["orderid"], None)
        if waiting and not waiting.done():
            waiting.set_result(UUID(headers["ce-id"]))
